/** The time that ages and countdowns are shown against, advanced once a second. */

class Clock {
  nowMs = $state(Date.now());

  start(): () => void {
    const timer = setInterval(() => (this.nowMs = Date.now()), 1_000);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();
