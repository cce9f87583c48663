/**
 * Packs the sound of a WebM recording anew as Ogg, which is all that WhatsApp plays as a voice note. The sound itself
 * (Opus) stays as it is. Formats: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), matroska.org (WebM's elements).
 */

const MASTERS = new Set([0x18538067, 0x1654ae6b, 0xae, 0x1f43b675, 0xa0]); // Segment, Tracks, TrackEntry, Cluster, BlockGroup
const CODEC_PRIVATE = 0x63a2;
const BLOCKS = new Set([0xa3, 0xa1]); // SimpleBlock, Block
// A page is closed before its list of lengths is full (255).
const PAGE_PACKETS = 50;
const SAMPLES_PER_MS = 48;

/**
 * Raises RangeError if it holds no Opus.
 *
 * @param {Uint8Array<ArrayBuffer>} webm
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function oggOf(webm) {
  /** @type {Uint8Array[]} */
  const packets = [];
  /** @type {Uint8Array | null} */
  let head = null;
  for (const [id, content] of elements(webm, 0, webm.length)) {
    if (id === CODEC_PRIVATE) head = content;
    else if (BLOCKS.has(id)) packets.push(content.subarray(numberLength(content[0] ?? 0) + 3)); // after track, time, flags
  }
  if (head === null || !packets.length) throw new RangeError('no Opus in this WebM');
  return pages(head, packets);
}

/**
 * The elements that hold no others, in their order.
 *
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} end
 * @returns {Generator<[number, Uint8Array]>}
 */
function* elements(bytes, at, end) {
  while (at < end) {
    const idLength = numberLength(bytes[at] ?? 0);
    const id = number(bytes, at, idLength);
    const sizeLength = numberLength(bytes[at + idLength] ?? 0);
    const marked = number(bytes, at + idLength, sizeLength);
    const size = marked - 2 ** (7 * sizeLength);
    const from = at + idLength + sizeLength;
    const unknown = size === 2 ** (7 * sizeLength) - 1; // while recording nobody knows how long it gets
    const to = unknown ? end : Math.min(from + size, end);
    if (MASTERS.has(id)) {
      if (unknown) { at = from; continue; } // its children come next, and so does its sibling
      yield* elements(bytes, from, to);
    } else yield [id, bytes.subarray(from, to)];
    at = to;
  }
}

/** @param {number} first */
function numberLength(first) {
  return Math.clz32(first) - 23;
}

/** @param {Uint8Array} bytes @param {number} at @param {number} length */
function number(bytes, at, length) {
  let value = 0;
  for (let place = at; place < at + length; place++) value = value * 256 + (bytes[place] ?? 0);
  return value;
}

/** @param {Uint8Array} head @param {Uint8Array[]} packets */
function pages(head, packets) {
  const serial = Math.floor(Math.random() * 2 ** 32);
  const vendor = new TextEncoder().encode('Patter');
  const tags = new Uint8Array(8 + 4 + vendor.length + 4);
  tags.set(new TextEncoder().encode('OpusTags'));
  new DataView(tags.buffer).setUint32(8, vendor.length, true);
  tags.set(vendor, 12);
  const written = [page([head], 0, 2, serial, 0), page([tags], 0, 0, serial, 1)];
  let position = 0;
  for (let from = 0; from < packets.length; from += PAGE_PACKETS) {
    const some = packets.slice(from, from + PAGE_PACKETS);
    position += some.reduce((sum, packet) => sum + samples(packet), 0);
    written.push(page(some, position, from + PAGE_PACKETS >= packets.length ? 4 : 0, serial, written.length));
  }
  const whole = new Uint8Array(written.reduce((sum, one) => sum + one.length, 0));
  written.reduce((at, one) => { whole.set(one, at); return at + one.length; }, 0);
  return whole;
}

/**
 * How many samples a packet holds, at 48 kHz (RFC 6716, section 3.1).
 *
 * @param {Uint8Array} packet
 */
function samples(packet) {
  const [first = 0, second = 0] = packet;
  const config = first >> 3;
  const ms = config < 12 ? [10, 20, 40, 60][config % 4] : config < 16 ? [10, 20][config % 2] : [2.5, 5, 10, 20][config % 4];
  const frames = [1, 2, 2, second & 63][first & 3];
  return (ms ?? 20) * (frames ?? 1) * SAMPLES_PER_MS;
}

/**
 * @param {Uint8Array[]} packets
 * @param {number} position  in samples, at the end of the page
 * @param {number} flags  2: the first page, 4: the last
 * @param {number} serial
 * @param {number} sequence
 */
function page(packets, position, flags, serial, sequence) {
  const lengths = packets.flatMap((one) => [...Array(Math.floor(one.length / 255)).fill(255), one.length % 255]);
  const bytes = new Uint8Array(27 + lengths.length + packets.reduce((sum, one) => sum + one.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('OggS'));
  bytes[5] = flags;
  view.setBigUint64(6, BigInt(Math.round(position)), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, sequence, true);
  bytes[26] = lengths.length;
  bytes.set(lengths, 27);
  packets.reduce((at, one) => { bytes.set(one, at); return at + one.length; }, 27 + lengths.length);
  view.setUint32(22, checksum(bytes), true);
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** @param {Uint8Array} bytes */
function checksum(bytes) {
  let sum = 0;
  for (const byte of bytes) sum = (sum << 8) ^ (TABLE[((sum >>> 24) ^ byte) & 255] ?? 0);
  return sum >>> 0;
}
