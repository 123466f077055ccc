import { existsSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { damaged } from '../store-refused.ts'

/**
 * SQLite takes the first damaged frame of a write-ahead log for its end, and drops all commits after it without
 * a word. What follows a true end is different, and told apart here. (File format: sqlite.org/walformat.html)
 */

const headerBytes = 32
const frameHeaderBytes = 24

/** The magic number says in which order the words are that the sums are made of. */
const littleEndianMagic = 0x377f0682
const bigEndianMagic = 0x377f0683

interface Sum {
  readonly first: number
  readonly second: number
}

/**
 * Looks for commits beyond what SQLite accepts.
 * @param isOrdered whether a commit was on the disk before the next one began. Then at most the last can have been cut
 *   short, and in one boot, where nothing written is lost, not even that one.
 * @throws StoreRefused if there are more than can be explained.
 */
export function checkWriteAheadLog(
  db: DatabaseSync,
  path: string,
  { isOrdered, isSameBoot }: { readonly isOrdered: boolean; readonly isSameBoot: boolean },
): void {
  if (!existsSync(`${path}-wal`)) return
  const file = readFileSync(`${path}-wal`)
  if (file.length <= headerBytes) return
  if (!hasTrueHeader(file))
    throw damaged(path, 'the beginning of its write-ahead log is not what was written')
  if (!isOrdered && !isSameBoot) return
  const accepted = Number(db.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.log)
  const lost = countCommits(file, accepted)
  if (lost > (isSameBoot ? 0 : 1))
    throw damaged(path, `${lost} commits in its write-ahead log cannot be read`)
}

function hasTrueHeader(file: Buffer): boolean {
  const magic = file.readUInt32BE(0)
  if (magic !== littleEndianMagic && magic !== bigEndianMagic) return false
  const sum = sumOf(file.subarray(0, 24), { first: 0, second: 0 }, magic)
  return isSame(sum, sumAt(file, 24))
}

/**
 * Commits of the running generation after the first `accepted` frames. A frame counts when its sum follows from the
 * one before it, for it was written completely then: a commit that a full disk cut short leaves others.
 */
function countCommits(file: Buffer, accepted: number): number {
  const magic = file.readUInt32BE(0)
  const salts = file.subarray(16, 24)
  const frameBytes = frameHeaderBytes + file.readUInt32BE(8)
  let commits = 0
  const from = headerBytes + Math.max(accepted, 1) * frameBytes
  for (let at = from; at + frameBytes <= file.length; at += frameBytes) {
    const isCommit = file.readUInt32BE(at + 4) !== 0
    if (!isCommit || !salts.equals(file.subarray(at + 8, at + 16))) continue
    const before = sumAt(file, at - frameBytes + 16)
    const ofHeader = sumOf(file.subarray(at, at + 8), before, magic)
    const sum = sumOf(file.subarray(at + frameHeaderBytes, at + frameBytes), ofHeader, magic)
    if (isSame(sum, sumAt(file, at + 16))) commits++
  }
  return commits
}

function sumOf(bytes: Buffer, start: Sum, magic: number): Sum {
  const isLittle = magic === littleEndianMagic
  let { first, second } = start
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)) + second) >>> 0
    second = (second + (isLittle ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)) + first) >>> 0
  }
  return { first, second }
}

function sumAt(file: Buffer, at: number): Sum {
  return { first: file.readUInt32BE(at), second: file.readUInt32BE(at + 4) }
}

function isSame(one: Sum, other: Sum): boolean {
  return one.first === other.first && one.second === other.second
}
