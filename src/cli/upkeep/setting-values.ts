import type { ApiSetting } from "../../http/index.ts";
import { parseQuota, showQuota } from "./quota-values.ts";
import { UsageError } from "../remote/usage-error.ts";

type Name = ApiSetting["name"];
type RetentionRule = Extract<ApiSetting, { name: "retention" }>["value"][number];

/** How each setting is written on the command line. */
const PARSERS: Readonly<Record<Name, (values: readonly string[]) => unknown>> = {
  "immutable-tags": (values) => values,
  "kept-tags": (values) => values,
  "keep-labels": (values) => values,
  protected: parseFlag,
  untagged: parseUntagged,
  retention: (values) => values.map(parseRule),
  quota: parseQuota,
  "delete-approval": parseApproval,
  redirect: parseRedirect,
};

export const SETTINGS = Object.keys(PARSERS) as Name[];

/** @throws UsageError */
export function parseSettingValue(name: string, values: readonly string[]): unknown {
  return PARSERS[name as Name](values);
}

/** As {@link parseSettingValue} reads it. */
export function showSettingValue(said: ApiSetting): string {
  if (said.name === "protected") return said.value ? "yes" : "no";
  if (said.name === "untagged") return [said.value.rule, said.value.after ?? ""].join(" ").trimEnd();
  if (said.name === "quota") return showQuota(said.value);
  if (said.name === "delete-approval") {
    const { required, within } = said.value;
    return required ? ["yes", within ?? ""].join(" ").trimEnd() : "no";
  }
  if (said.name === "redirect") return said.value.days === 0 ? "none" : `${said.value.days}d`;
  if (said.name !== "retention") return said.value.join(" ") || "none";
  return said.value.map((rule) => `'${showRule(rule)}'`).join(" ") || "all tags stay";
}

function parseFlag([word = "yes", ...more]: readonly string[]): boolean {
  if (more.length > 0 || !/^(?:yes|no|true|false)$/.test(word)) throw new UsageError("protected is yes or no");
  return word === "yes" || word === "true";
}

function parseApproval([word = "yes", within, ...more]: readonly string[]): unknown {
  if (more.length > 0 || (word !== "yes" && word !== "no") || (word === "no" && within !== undefined))
    throw new UsageError("delete-approval is yes, or no, or yes and how long a request waits, such as yes 3d");
  return { required: word === "yes", within };
}

function parseRedirect([text = "", ...more]: readonly string[]): unknown {
  if (more.length > 0 || !/^(?:\d{1,4}d|none)$/.test(text))
    throw new UsageError("redirect is a number of days such as 90d, or none");
  return { days: text === "none" ? 0 : Number(text.slice(0, -1)) };
}

function parseUntagged([rule, after, ...more]: readonly string[]): unknown {
  if (more.length > 0 || (rule !== "keep" && rule !== "remove"))
    throw new UsageError("untagged is keep, or remove, or remove and how long they stay, such as remove 7d");
  return { rule, after };
}

const COUNTS = ["newest", "patches", "minors", "majors"] as const;
/** What a rule of retention is made of. */
export const RULE_WORDS = ["tags", "except", "within", "pulled", ...COUNTS];

function parseRule(text: string): unknown {
  const said = new Map<string, string>();
  for (const part of text.split(/[\s,]+/).filter((some) => some !== "")) {
    const [, word = "", value = ""] = /^([a-z]+)=(.+)$/.exec(part) ?? [];
    if (!RULE_WORDS.includes(word) || said.has(word))
      throw new UsageError(`"${part}" is none of ${RULE_WORDS.map((known) => `${known}=…`).join(", ")}, each once`);
    said.set(word, value);
  }
  const count = (word: (typeof COUNTS)[number]) => countOf(word, said.get(word));
  const [patches, minors, majors] = [count("patches"), count("minors"), count("majors")];
  return {
    tags: said.get("tags")?.split("|"),
    except: said.get("except")?.split("|"),
    newest: count("newest"),
    pushedWithin: said.get("within"),
    pulledWithin: said.get("pulled"),
    versions: (patches ?? minors ?? majors) ? { patches, minors, majors } : undefined,
  };
}

function countOf(word: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new UsageError(`${word}=${value} is no number from 1 on`);
  return Number(value);
}

function showRule({ tags, except, newest, pushedWithin, pulledWithin, versions }: RetentionRule): string {
  const ages = { within: pushedWithin, pulled: pulledWithin };
  const parts = { tags: tags.join("|"), except: except?.join("|"), newest, ...ages, ...versions };
  return Object.entries(parts)
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word}=${value}`]))
    .join(" ");
}
