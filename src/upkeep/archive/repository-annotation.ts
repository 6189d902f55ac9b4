/** In the index of an export: the repository that an image is of, exactly, while other annotations leave it to be guessed. */
export const REPOSITORY_ANNOTATION = "io.berth.repository";
