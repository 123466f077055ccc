/** What an acknowledgement is worth (§6.2): `fsync` survives a power cut, `os-buffer` the death of the process, `memory` neither. */
export type Durability = 'fsync' | 'os-buffer' | 'memory'
