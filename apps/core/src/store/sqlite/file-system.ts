import { statfsSync } from 'node:fs'

import { CoreError } from '../../ground/errors.ts'

/** Types that Linux gives to file systems whose locks or syncs SQLite cannot rely on (STO-12). */
const unsafeTypes: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x65735546: 'FUSE',
}

/**
 * @throws CoreError `filesystem_unsafe` on a network or user-space file system, unless the operator allowed it
 */
export function refuseUnsafeFileSystem(
  path: string,
  allowUnsafe: boolean,
  typeOf: (path: string) => number = fileSystemType,
): void {
  const filesystem = unsafeTypes[typeOf(path)]
  if (filesystem !== undefined && !allowUnsafe) {
    throw new CoreError('filesystem_unsafe', { path, filesystem })
  }
}

/** Other systems number their types differently; the table above is Linux's. */
const fileSystemType = (path: string): number =>
  process.platform === 'linux' ? statfsSync(path).type : 0
