/** Recording a voice note: Ogg with Opus, as WhatsApp wants it, whatever the browser records. */

import { fill, h, icon, iconButton } from '../dom.js';
import { say } from '../feedback.js';
import { duration } from '../format.js';
import { texts } from '../texts.js';
import { more } from '../texts_dialogs.js';

// In the order in which they are wanted. Chromium records WebM, which is packed anew as Ogg; Safari records MP4.
const KINDS = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4'];

/**
 * Record in `place` until it is sent or thrown away. Returns what sends it and what throws it away; null if there
 * is no microphone.
 *
 * @param {HTMLElement} place
 * @param {(file: File | null) => void} onEnd
 */
export async function record(place, onEnd) {
  let microphone;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    say(more.noMicrophone);
    return null;
  }
  const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(microphone, { mimeType: kind, audioBitsPerSecond: 32_000 });
  /** @type {Blob[]} */
  const parts = [];
  let sent = false;
  const send = () => { sent = true; recorder.stop(); };
  const discard = () => recorder.stop();
  const clock = show(place, discard, send);
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = async () => {
    clearInterval(clock);
    for (const track of microphone.getTracks()) track.stop();
    onEnd(sent ? await fileOf(new Blob(parts, { type: recorder.mimeType })) : null);
  };
  recorder.start();
  return { send, discard };
}

/** @param {HTMLElement} place @param {() => void} onDiscard @param {() => void} onSend */
function show(place, onDiscard, onSend) {
  const since = Date.now();
  const time = h('span', { role: 'timer', class: 'recording' }, duration(0));
  const send = iconButton('check', more.sendRecording, onSend);
  fill(place, iconButton('close', texts.discard, onDiscard), icon('mic'), time, send);
  send.focus();
  return setInterval(() => fill(time, duration((Date.now() - since) / 1000)), 500);
}

/** @param {Blob} recorded */
async function fileOf(recorded) {
  if (recorded.type.includes('mp4')) return new File([recorded], 'voice.m4a', { type: 'audio/mp4' });
  const bytes = new Uint8Array(await recorded.arrayBuffer());
  const { oggOf } = await import('../ogg.js');
  const ogg = recorded.type.includes('webm') ? oggOf(bytes) : bytes;
  return new File([ogg], 'voice.ogg', { type: 'audio/ogg' });
}
