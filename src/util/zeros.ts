/**
 * Zeros, as many as the largest block of an image has, not to be changed. Readers give out parts of them for holes, so
 * that writers know a hole by its memory and need not look through gigabytes.
 */
export const ZEROS: Buffer = Buffer.alloc(2 ** 20)
