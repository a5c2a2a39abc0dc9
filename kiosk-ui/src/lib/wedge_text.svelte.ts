/** What a hand scanner or a keyboard has typed so far, so that stray keys can be seen and cleared. */

class WedgeText {
  kept = $state('');
}

export const wedgeText = new WedgeText();
