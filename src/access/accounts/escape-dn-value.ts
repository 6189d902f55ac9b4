/**
 * Makes text a value in a distinguished name.
 * @spec RFC 4514, section 2.4
 */
export function escapeDnValue(value: string): string {
  return value
    .replaceAll(/["+,;<>\\=\0]/gu, hexadecimal)
    .replace(/^[ #]/u, hexadecimal)
    .replace(/ $/u, hexadecimal);
}

function hexadecimal(character: string): string {
  return `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
