/** Short messages about what has just been done, read out and shown for a while. */

export interface Notice {
  id: number;
  tone: 'good' | 'bad' | 'plain';
  text: string;
}

const SHOWN_MS = { good: 4_000, plain: 6_000, bad: 15_000 };
const MOST = 3;

class Notices {
  list = $state.raw<Notice[]>([]);
  #next = 1;

  tell(tone: Notice['tone'], text: string): void {
    const notice = { id: this.#next++, tone, text };
    this.list = [...this.list, notice].slice(-MOST);
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS[tone]);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
