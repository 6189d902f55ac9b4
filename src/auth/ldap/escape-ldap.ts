import { escapeDnValue } from "../../access/index.ts";

/**
 * Makes text a value in a filter.
 * @spec RFC 4515, section 3
 */
export function escapeFilterValue(value: string): string {
  return value.replaceAll(/[\\*()\0]/gu, hexadecimal);
}

function hexadecimal(character: string): string {
  return `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** Puts values into the places of a filter, such as `(uid={user})`. What they hold stays a value. */
export function fillFilter(template: string, values: Readonly<Record<string, string>>): string {
  return fill(template, values, escapeFilterValue);
}

/** Whether a template of direct bind is a DN, rather than `{user}@example.com` or `EXAMPLE\{user}`. */
export function isDnTemplate(template: string): boolean {
  return /^[A-Za-z0-9.-]+ *=/u.test(template);
}

/**
 * What a user binds as.
 * @returns `undefined` if the name has what would make another name of it
 */
export function fillBindTemplate(template: string, username: string): string | undefined {
  if (isDnTemplate(template)) return fill(template, { user: username }, escapeDnValue);
  if (/[@\\/"]/u.test(username)) return undefined;
  return fill(template, { user: username }, (value) => value);
}

/** In one go, so that a value with `{dn}` in it is not filled in turn. */
function fill(template: string, values: Readonly<Record<string, string>>, escape: (value: string) => string): string {
  return template.replaceAll(/\{(\w+)\}/gu, (place, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? place : escape(value);
  });
}
