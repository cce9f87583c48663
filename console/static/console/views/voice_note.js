/** Recording a voice note: Ogg with Opus, as WhatsApp wants it, whatever the browser records. */

import { fill, h, icon, iconButton } from '../dom.js';
import { say } from '../feedback.js';
import { duration } from '../format.js';
import { oggOf } from '../ogg.js';
import { texts } from '../texts.js';

// In the order in which they are wanted. Chromium records WebM, which is packed anew as Ogg; Safari records MP4.
const KINDS = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4'];

export class VoiceNote {
  /** @type {MediaRecorder | null} */
  #recorder = null;
  #sent = false;
  /** @type {number | undefined} */
  #clock;

  /** @param {(file: File) => void} onRecorded */
  constructor(onRecorded) {
    this.onRecorded = onRecorded;
    this.element = h('span', { class: 'row voice' });
    this.#idle();
  }

  /** Throw away what is being recorded. */
  stop() {
    this.#sent = false;
    this.#recorder?.stop();
  }

  #idle() {
    clearInterval(this.#clock);
    this.#recorder = null;
    fill(this.element, 'MediaRecorder' in window && iconButton('mic', texts.record, () => void this.#start()));
  }

  async #start() {
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    let microphone;
    try {
      microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return say(texts.noMicrophone);
    }
    const recorder = new MediaRecorder(microphone, { mimeType: kind, audioBitsPerSecond: 32_000 });
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = async () => {
      for (const track of microphone.getTracks()) track.stop();
      const sent = this.#sent;
      this.#idle();
      if (sent) this.onRecorded(await fileOf(new Blob(parts, { type: recorder.mimeType })));
    };
    this.#recorder = recorder;
    recorder.start();
    return this.#recording(Date.now());
  }

  /** @param {number} since */
  #recording(since) {
    const clock = h('span', { role: 'timer', class: 'recording' }, duration(0));
    this.#clock = setInterval(() => fill(clock, duration((Date.now() - since) / 1000)), 500);
    const send = iconButton('check', texts.sendRecording, () => { this.#sent = true; this.#recorder?.stop(); });
    fill(this.element, iconButton('close', texts.discard, () => this.stop()), icon('mic'), clock, send);
    send.focus();
  }
}

/** @param {Blob} recorded */
async function fileOf(recorded) {
  if (recorded.type.includes('mp4')) return new File([recorded], 'voice.m4a', { type: 'audio/mp4' });
  const bytes = new Uint8Array(await recorded.arrayBuffer());
  const ogg = recorded.type.includes('webm') ? oggOf(bytes) : bytes;
  return new File([ogg], 'voice.ogg', { type: 'audio/ogg' });
}
