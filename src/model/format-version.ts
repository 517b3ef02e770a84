/**
 * Version of all image encoders together, recorded in lock and manifest: two programs with the same version make the
 * same bytes of the same image. Raise it when any encoder, or the LZMA2 or zlib behind it, changes its output.
 */
export const FORMAT_VERSION = 2
