import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TempFolder, tempFolder } from './temp-folder.ts'

/** A disk of a few megabytes for one test; needs root. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string
  readonly #folder: TempFolder

  /** In memory, for filling up. */
  static async inMemory(megabytes: number): Promise<SmallDisk> {
    const disk = await SmallDisk.#create()
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk.path])
    return disk
  }

  /** A file system in a file, for failing. */
  static async inFile(megabytes: number): Promise<SmallDisk> {
    const disk = await SmallDisk.#create()
    const image = `${disk.#folder.path}/image`
    execFileSync('truncate', ['-s', `${megabytes}M`, image])
    execFileSync('mkfs.ext4', ['-q', image])
    execFileSync('mount', ['-o', 'loop', image, disk.path])
    return disk
  }

  static async #create(): Promise<SmallDisk> {
    const folder = await tempFolder()
    const disk = new SmallDisk(folder)
    execFileSync('mkdir', [disk.path])
    return disk
  }

  private constructor(folder: TempFolder) {
    this.#folder = folder
    this.path = join(folder.path, 'disk')
  }

  /** Takes this many bytes of room. */
  fill(bytes: number): void {
    writeFileSync(join(this.path, 'filler'), Buffer.alloc(bytes, 1))
  }

  /** Gives the room back. */
  free(): void {
    rmSync(join(this.path, 'filler'), { force: true })
  }

  /** Makes the file system fail as after a hardware error: from now on it is read-only. */
  abort(): void {
    execFileSync('mount', ['-o', 'remount,abort', this.path], { stdio: 'ignore' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('umount', ['-l', this.path])
    await this.#folder[Symbol.asyncDispose]()
  }
}
