/** Linux keeps twelve bits of major and twenty of minor device number. */
export const MAX_MAJOR: number = 2 ** 12 - 1
export const MAX_MINOR: number = 2 ** 20 - 1

/** Both numbers of a device. */
export interface DeviceNumbers {
  readonly major: number
  readonly minor: number
}

/** True for numbers that Linux can keep. */
export function isDeviceNumber({ major, minor }: DeviceNumbers): boolean {
  return isWithin(major, MAX_MAJOR) && isWithin(minor, MAX_MINOR)
}

/** As Linux packs them since 2.6: the major number between 8 and 12 bits of the minor one. */
export function packDevice({ major, minor }: DeviceNumbers): number {
  return ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0
}

/** The numbers in what {@link packDevice} and stat(2) give. */
export function unpackDevice(packed: number): DeviceNumbers {
  return { major: (packed >>> 8) & 0xfff, minor: (packed & 0xff) | ((packed >>> 12) & 0xfff00) }
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most
}
