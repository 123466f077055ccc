import { execFileSync, spawnSync } from 'node:child_process'
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
    execFileSync('truncate', ['-s', `${megabytes}M`, disk.#image])
    execFileSync('mkfs.ext4', ['-q', disk.#image])
    disk.#mountImage()
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

  get #image(): string {
    return join(this.#folder.path, 'image')
  }

  #mountImage(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.path])
  }

  /**
   * A disk in a file, as it would be found after a power cut now: what has not reached the disk is not on it.
   * Whoever writes to it must stand still (SIGSTOP) until this resolves.
   */
  async afterPowerCut(): Promise<SmallDisk> {
    const disk = await SmallDisk.#create()
    do execFileSync('cp', ['--sparse=always', this.#image, disk.#image])
    while (
      // The system may have written something back meanwhile; a power cut is one instant.
      spawnSync('cmp', ['-s', this.#image, disk.#image]).status !== 0
    )
    disk.#mountImage()
    return disk
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
