import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { listKeys, type KeyDescription } from "../src/config/index.ts";
import { describeApi } from "../src/http/api/openapi.ts";
import { ROUTES } from "../src/http/api/routes.ts";
import { VERSION } from "../src/app/version.ts";

/** Writes the pages of `docs/reference/` that come from the source; with `--check` only says whether they are current. */
const pages = [
  { url: new URL("../docs/reference/configuration.md", import.meta.url), render: renderConfigurationPage },
  { url: new URL("../docs/reference/openapi.json", import.meta.url), render: renderApiDescription },
];

export function renderConfigurationPage(): string {
  const keys = listKeys();
  return [introduction, ...sections(keys), fates(keys)].join("\n\n").concat("\n");
}

export function renderApiDescription(): string {
  return `${JSON.stringify(describeApi(ROUTES, VERSION), undefined, 2)}\n`;
}

const introduction = `# Configuration

<!-- Written by scripts/generate-docs.ts from the schema in src/config. Change it there. -->

Berth reads one YAML file in the format of registry:2, lets environment variables override it, and checks the whole
before it starts. An unknown key is an error that names the nearest known one; all problems are reported at once, and
the exit code is 78.

\`\`\`sh
berth check-config berth.yml           # is it good?
berth check-config berth.yml --print   # what is in force, with defaults, without secrets
\`\`\`

**Without a file** Berth listens on 127.0.0.1:5000, keeps its data in \`./data\` and asks for no login. On an address that
other machines can reach there are accounts, unless \`auth\` says something else, and the first start prints the password of
\`admin\`; \`auth: {none: {}}\` says that no login is wanted.

\`\`\`yaml
version: 0.1
storage:
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
auth:
  htpasswd: {realm: Registry, path: /etc/berth/htpasswd}
http:
  addr: :5000
  tls: {certificate: /etc/berth/tls.crt, key: /etc/berth/tls.key}
\`\`\`

## Environment variables

Each key has a variable: \`REGISTRY_\` and the path in capitals with \`_\` between the levels.

| rule | example |
|---|---|
| The value is YAML of the type of the key. | \`REGISTRY_HTTP_HEADERS='{X-Content-Type-Options: [nosniff]}'\` |
| Variables are applied after the file, sorted by name, so a group comes before its keys. | \`REGISTRY_STORAGE_MAINTENANCE_READONLY='{enabled: true}'\` |
| The bare name of a driver or of a way to log in selects it and clears the others. | \`REGISTRY_AUTH=htpasswd\`, \`REGISTRY_STORAGE=filesystem\` |
| A number is the index of a list; the next free one appends. | \`REGISTRY_HEALTH_FILECHECKERS_0_FILE=/run/stop\` |
| Names that are free to choose are matched in any case, else made in lower case. | \`REGISTRY_LOG_FIELDS_SERVICE=registry\` |
| A secret can come from a file: the variable with \`_FILE\` holds its path; a newline at the end is left away. Only for keys marked *secret*. | \`REGISTRY_HTTP_TLS_ACME_EAB_HMACKEY_FILE=/run/secrets/hmac\` |
| An unknown variable is a warning; those that Kubernetes sets for a service called \`registry\` are passed over. | \`REGISTRY_PORT_5000_TCP\` |
| \`REGISTRY_CONFIGURATION_PATH\` names the configuration file. | |
| A name with a hyphen, as \`REGISTRY_HTTP_HEADERS_X-Foo\`, reaches the executable and the image. \`bin/berth\` and \`npm start\` of a checkout run under \`sh\`, and many a \`sh\` drops such names: write the group. | \`REGISTRY_HTTP_HEADERS='{X-Foo: [bar]}'\` |

## Values

| type | written |
|---|---|
| duration | As in Go: \`30s\`, \`10m\`, \`1h30m\`, \`1.5s\`, \`300ms\`. A number without a unit counts nanoseconds. |
| size | Bytes, or with a unit: \`10485760\`, \`10MiB\`, \`2GB\`. |
| host:port | \`:5000\` (every address), \`127.0.0.1:5000\`, \`localhost:5000\`, \`[::1]:5000\`. |
| true or false | Also \`yes\`, \`no\`, \`on\`, \`off\`. |
| list | One value is taken for a list of one. |`;

function sections(keys: readonly KeyDescription[]): string[] {
  const single = keys.filter((key) => !key.path.includes(".") && key.kind !== "group" && key.facts.status === "works");
  const groups = keys.filter((key) => isGroup(key) && valuesOf(keys, key).length > 0);
  return ["## Keys", table(single), ...groups.map((group) => section(keys, group))];
}

function section(keys: readonly KeyDescription[], group: KeyDescription): string {
  const level = group.path.includes(".") ? "###" : "##";
  const values = valuesOf(keys, group);
  const rows = values.filter((key) => key.facts.typeName !== undefined);
  const intro = [group.facts.about];
  if (rows.length === 0) intro.push(`Variable: \`${group.variable}\`.`);
  return [`${level} ${group.path}`, intro.join(" "), ...(rows.length === 0 ? [] : [table(rows)])].join("\n\n");
}

/** A group, or a list of groups. */
function isGroup(key: KeyDescription): boolean {
  return key.facts.status === "works" && key.facts.typeName === undefined;
}

/** The keys right below the group; the group itself when nothing can be in it. */
function valuesOf(keys: readonly KeyDescription[], group: KeyDescription): readonly KeyDescription[] {
  const start = group.kind === "list" ? `${group.path}[].` : `${group.path}.`;
  const below = keys.filter((key) => key.path.startsWith(start));
  if (below.length === 0) return [group];
  return below.filter((key) => key.facts.typeName !== undefined && !/[.[]/u.test(key.path.slice(start.length)));
}

function table(keys: readonly KeyDescription[]): string {
  const rows = keys.map(({ path, variable, facts }) => {
    const secret = facts.secret === true ? " *Secret.*" : "";
    return row([`\`${path}\``, facts.typeName ?? "", defaultOf(facts), `\`${variable}\``, `${facts.about}${secret}`]);
  });
  return [row(["key", "type", "default", "variable", "meaning"]), "|---|---|---|---|---|", ...rows].join("\n");
}

function defaultOf(facts: KeyDescription["facts"]): string {
  return facts.defaultNote ?? (facts.defaultText === undefined ? "" : `\`${facts.defaultText}\``);
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function fates(keys: readonly KeyDescription[]): string {
  const accepted = keys.filter((key) => key.facts.status === "accepted");
  const refused = keys.filter((key) => key.facts.status === "refused");
  return [
    "## Keys of registry:2 that are not needed",
    "They are read, a warning names them, and they have no effect.",
    fateTable(accepted, "why"),
    "## Keys of registry:2 that do not work",
    "Berth does not start while one of them is set: it would not do what the file asks for. Empty or disabled ones are fine,\nexcept that naming a storage driver or a way to log in selects it.",
    fateTable(refused, "what to do instead"),
  ].join("\n\n");
}

function fateTable(keys: readonly KeyDescription[], lastColumn: string): string {
  const rows = keys.map(({ path, facts }) => row([`\`${path}\``, facts.about, capitalized(facts.instead ?? "")]));
  return [row(["key", "in registry:2", lastColumn]), "|---|---|---|", ...rows].join("\n");
}

function capitalized(text: string): string {
  return text.replace(/^[a-z](?!egistry:)/u, (first) => first.toUpperCase());
}

if (import.meta.main) {
  const checkOnly = process.argv.includes("--check");
  for (const { url, render } of pages) {
    const text = render();
    const current = existsSync(url) && readFileSync(url, "utf8") === text;
    if (current) continue;
    if (checkOnly) {
      console.error(`${url.pathname} is not current: run "npm run docs"`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(url.pathname), { recursive: true });
      writeFileSync(url, text);
    }
  }
}
