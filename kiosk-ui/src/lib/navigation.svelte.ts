/** Where the page is: `#/view/id`, so that Back and reload do what people expect. */

export const VIEWS = ['scan', 'walk-up', 'orders', 'conflicts', 'printing', 'texts', 'attendee', 'sell', 'order'] as const;
export type View = (typeof VIEWS)[number];

interface Place {
  view: View;
  id: string | null;
}

function parse(hash: string): Place {
  const [view = '', id = null] = hash.replace(/^#\/?/, '').split('/');
  const known = VIEWS.find((name) => name === view);
  return known === undefined ? { view: 'scan', id: null } : { view: known, id };
}

class Navigation {
  place = $state.raw<Place>(parse(location.hash));

  start(): () => void {
    const follow = () => (this.place = parse(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  go(view: View, id: string | null = null): void {
    location.hash = id === null ? `#/${view}` : `#/${view}/${id}`;
  }
}

export const navigation = new Navigation();
