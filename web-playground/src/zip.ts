/** Several files as one archive: a ZIP without compression, which every system opens (PKWARE's APPNOTE 6.3, method 0). */
import type { ManifestFile } from "portolan";

/** The archive of these files, in folders by their names. There are far fewer than the limit of 65,535 files. */
export function zip(files: readonly ManifestFile[], now = new Date()): Blob {
  const encoder = new TextEncoder();
  const entries: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  let offset = 0;
  for (const file of files) {
    const name = encoder.encode(inside(file.name));
    const text = encoder.encode(file.text);
    const size = text.length;
    // Version 2.0, the name in UTF-8, stored as it is; no extra field.
    const common = record([2, 20], [2, 0x0800], [2, 0], [2, time], [2, date], [4, checksum(text)], [4, size], [4, size], [2, name.length], [2, 0]);
    const entry = [record([4, 0x04034b50]), common, name, text];
    // No comment, the first disk, no attributes.
    directory.push(record([4, 0x02014b50], [2, 20]), common, record([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);
    entries.push(...entry);
    offset += length(entry);
  }
  const count = files.length;
  const end = record([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length(directory)], [4, offset], [2, 0]);
  return new Blob([...entries, ...directory, end], { type: "application/zip" });
}

/** A name that stays inside the folder in which the archive is unpacked. */
function inside(name: string): string {
  return name
    .split(/[/\\]/)
    .filter((step) => step !== "" && step !== "." && step !== "..")
    .join("/");
}

/** Little-endian numbers in sequence; each is given as its size in bytes and its value. */
function record(...numbers: readonly [bytes: 2 | 4, number: number][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(numbers.flatMap(([bytes, number]) => Array.from({ length: bytes }, (_, index) => (number >>> (8 * index)) & 0xff)));
}

function length(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  return rest;
});

/** CRC-32. */
function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (rest >>> 8) ^ (REMAINDERS[(rest ^ byte) & 0xff] ?? 0);
  return ~rest;
}
