/** Reading codes from the camera. Loaded only when somebody turns the camera on. */

import { BarcodeDetector, prepareZXingModule } from 'barcode-detector/ponyfill';
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';

const LOOK_EVERY_MS = 100;

export type CameraFailure = 'insecure' | 'denied' | 'absent' | 'busy' | 'broken';

export class CameraError extends Error {
  override name = 'CameraError';
  constructor(readonly failure: CameraFailure) {
    super(failure);
  }
}

// The decoder's wasm is served by the node like the rest of the page; its default would be a public network address.
prepareZXingModule({
  overrides: { locateFile: (path: string, prefix: string) => (path.endsWith('.wasm') ? wasmUrl : prefix + path) },
});

/** Shows the camera in the element and calls back for every code seen. Returns the way to stop. */
export async function watch(
  video: HTMLVideoElement,
  onCode: (code: string) => void,
  onFailure: (failure: CameraFailure) => void,
): Promise<() => void> {
  const stream = await openCamera();
  video.srcObject = stream;
  await video.play();
  const detector = new BarcodeDetector({ formats: ['qr_code', 'aztec', 'code_128'] });
  let stopped = false;
  const look = async () => {
    if (stopped) return;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const seen = await detector.detect(video);
      const code = seen[0]?.rawValue.trim();
      if (!stopped && code) onCode(code);
    }
    setTimeout(lookAgain, LOOK_EVERY_MS);
  };
  const lookAgain = () => {
    look().catch((error: unknown) => {
      console.error('reading from the camera failed', error);
      onFailure('broken');
    });
  };
  lookAgain();
  return () => {
    stopped = true;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}

async function openCamera(): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined) throw new CameraError('insecure');
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
      audio: false,
    });
  } catch (error) {
    throw new CameraError(failureOf(error));
  }
}

function failureOf(error: unknown): CameraFailure {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'absent';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'broken';
}
