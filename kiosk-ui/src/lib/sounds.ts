/** Three sounds that cannot be taken for one another: rising for admitted, low and long for refused, three knocks for a decision. */

export type Tone = 'admitted' | 'refused' | 'attention';

interface Note {
  hertz: number;
  fromS: number;
  forS: number;
  shape: OscillatorType;
}

const NOTES: Record<Tone, Note[]> = {
  admitted: [
    { hertz: 659, fromS: 0, forS: 0.11, shape: 'sine' },
    { hertz: 988, fromS: 0.11, forS: 0.2, shape: 'sine' },
  ],
  refused: [{ hertz: 155, fromS: 0, forS: 0.6, shape: 'square' }],
  attention: [0, 0.17, 0.34].map((fromS) => ({ hertz: 523, fromS, forS: 0.1, shape: 'triangle' as const })),
};
const VOLUME = 0.25;
const MUTED_KEY = 'lanyard.muted';

let context: AudioContext | null = null;

export function isMuted(): boolean {
  return localStorage.getItem(MUTED_KEY) === 'yes';
}

export function setMuted(muted: boolean): void {
  localStorage.setItem(MUTED_KEY, muted ? 'yes' : 'no');
}

export function play(tone: Tone): void {
  if (isMuted() || typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  // Browsers keep audio suspended until somebody touched the page; a sound that cannot be played is left out.
  void context.resume();
  for (const note of NOTES[tone]) sound(context, note);
}

function sound(audio: AudioContext, note: Note): void {
  const start = audio.currentTime + note.fromS;
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = note.shape;
  oscillator.frequency.value = note.hertz;
  gain.gain.setValueAtTime(VOLUME, start);
  gain.gain.exponentialRampToValueAtTime(0.001, start + note.forS);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(start + note.forS);
}
