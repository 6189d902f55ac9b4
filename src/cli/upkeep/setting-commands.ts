import { COMMAND } from "../../app/index.ts";
import type { ApiSetting } from "../../http/index.ts";
import { at } from "../remote/api-client.ts";
import { nodeInPath, showNode } from "../remote/names.ts";
import { type Noun, oneOf } from "../remote/noun.ts";
import { parseSettingValue, RULE_WORDS, SETTINGS, showSettingValue } from "./setting-values.ts";
import type { Columns } from "../table.ts";

const COLUMNS: Columns<ApiSetting> = {
  setting: ({ name }) => name,
  value: showSettingValue,
  "said by": ({ origin }) => showNode(origin),
};

/** What each setting takes. */
export const VALUES_HELP = `
immutable-tags, kept-tags: patterns such as 'v*' 'release-*'
keep-labels: labels and annotations of images that stay, such as com.example.deployed; none, so that no image says so
protected: yes or no
untagged: keep, or remove, or remove 7d
retention: one rule an argument, each a list of
  ${RULE_WORDS.map((word) => `${word}=`).join(" ")}, such as
  'tags=v*|release-* patches=1 minors=3' 'tags=ci-* newest=10 pulled=30d' 'tags=latest'; a tag that no rule keeps goes
quota: any of bytes=10GiB tags=500 repositories=20; those of the namespaces above hold as well
delete-approval: yes, no, or yes 3d: whether a second person approves deletes, and how long a request waits
redirect: a number of days such as 90d, or none: how long the old name of what is renamed leads to the new one

Such as: ${COMMAND} namespace set team retention 'tags=ci-* newest=10' 'tags=v*'
which is tried before by: ${COMMAND} retention preview team --rule 'tags=ci-* newest=10' --rule 'tags=v*'`;

/** `berth namespace settings`, `set` and `unset`. */
export function addSettingVerbs(noun: Noun): void {
  noun
    .verb(
      "settings <namespace>",
      "list the settings that hold for a namespace or a repository, and which one says so",
      async ({ client, out }, node = "") =>
        out.list(await client.list<ApiSetting>(at`/namespaces/${nodeInPath(node)}/settings`), COLUMNS),
    )
    .verb(
      "set <namespace> <setting> [value...]",
      "say something of what is kept in a namespace and all below it",
      async ({ client, out }, node = "", name = "", ...values) => {
        const value = parseSettingValue(name, values);
        const said = await client.put<ApiSetting>(at`/namespaces/${nodeInPath(node)}/settings/${name}`, { value });
        out.done(`${said.name} of ${node}: ${showSettingValue(said)}`, said);
      },
      (verb) => oneOf(verb, "setting", SETTINGS).addHelpText("after", VALUES_HELP),
    )
    .verb(
      "unset <namespace> <setting>",
      "take back what a namespace says itself, so that it is as the one above says",
      async ({ client, out }, node = "", name = "") => {
        await client.delete(at`/namespaces/${nodeInPath(node)}/settings/${name}`);
        out.done(`${node} says nothing of ${name} itself any more.`);
      },
      (verb) => oneOf(verb, "setting", SETTINGS),
    );
}
