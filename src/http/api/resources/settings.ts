import type { z } from "zod";
import { type Change, getNode, putSetting, removeSetting } from "../../../access/index.ts";
import { RegistryError } from "../../../oci/index.ts";
import { findSettings, noteSettingsChange, SETTING_NAMES, type SettingName } from "../../../registry/index.ts";
import { atNode } from "../permission.ts";
import { type ApiCall, type ApiRoute, defineRoute } from "../route.ts";
import { setting, settingChange, settingName } from "../schemas/settings.ts";
import { listOf, nodeParams } from "../schemas/words.ts";

const settingParams = nodeParams.extend({ setting: settingName });
const tag = "namespaces";

const reading = atNode("settings:read");
const writing = atNode("settings:write");

const SUMMARIES: Readonly<Record<SettingName, string>> = {
  "immutable-tags": "Say which tags cannot be moved or deleted",
  "kept-tags": "Say which tags stay whatever retention says",
  "keep-labels": "Say which annotations and labels keep the tags of what has them",
  untagged: "Say what becomes of manifests that have no tag",
  protected: "Say whether clients can delete nothing",
  retention: "Say which tags stay",
  quota: "Say how much may be held",
  "delete-approval": "Say whether a second person has to approve what clients delete",
  redirect: "Say how long old names of repositories lead to their new ones",
};

const DESCRIPTIONS: Partial<Readonly<Record<SettingName, string>>> = {
  quota:
    "For the namespace together with all below it, beside the quotas of the nodes above, which hold as well. Only who may say " +
    "settings of the node above may say it or take it back: nobody raises their own limit.",
  "delete-approval":
    "For the namespace and all below it; what any node above says holds as well. Only who may say settings of the node above may say it " +
    "or take it back.",
};

export const SETTING_ROUTES: readonly ApiRoute[] = [
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/settings",
    tag,
    summary: "List the settings that hold for a namespace, each with the node that says so",
    permission: reading,
    params: nodeParams,
    response: listOf(setting),
    handle: async (call) => ({ body: { items: await listSettings(call) } }),
  }),
  defineRoute({
    method: "GET",
    path: "/namespaces/{path}/settings/{setting}",
    tag,
    summary: "Show a setting that holds for a namespace, and the node that says so",
    permission: reading,
    params: settingParams,
    response: setting,
    current: (call) => getSetting(call, call.params.setting),
    handle: async (call) => ({ body: await getSetting(call, call.params.setting) }),
  }),
  ...SETTING_NAMES.map(putRoute),
  defineRoute({
    method: "DELETE",
    path: "/namespaces/{path}/settings/{setting}",
    tag,
    summary: "Take back what a namespace says itself, so that it is as the node above says",
    permission: writing,
    params: settingParams,
    current: (call) => getSetting(call, call.params.setting),
    async handle({ change, params: { path, setting: name } }) {
      await removeSetting(change, { path, name });
      await noteChange(change, path, name);
      return { body: undefined };
    },
  }),
];

function putRoute(name: SettingName): ApiRoute {
  return defineRoute({
    method: "PUT",
    path: `/namespaces/{path}/settings/${name}`,
    tag,
    summary: SUMMARIES[name],
    description: DESCRIPTIONS[name] ?? "For the namespace and all below it, in the place of what the nodes above say.",
    permission: writing,
    params: nodeParams,
    body: settingChange(name),
    response: setting,
    current: (call) => getSetting(call, name),
    async handle(call) {
      const {
        change,
        params: { path },
        body,
      } = call;
      await putSetting(change, { path, name, value: body.value });
      await noteChange(change, path, name);
      return { body: await getSetting(call, name) };
    },
  });
}

/** Manifests were judged by what the node said before. */
async function noteChange({ queries, nowMs }: Change, node: string, name: SettingName): Promise<void> {
  if (name === "untagged" || name === "protected") await noteSettingsChange(queries, { node, nowMs });
}

type Shown = z.input<typeof setting>;

/** @throws RegistryError `not-found` */
async function listSettings({
  queries,
  viewer,
  params: { path },
}: ApiCall<z.output<typeof nodeParams>>): Promise<Shown[]> {
  await getNode(queries, await viewer(), path);
  const settings = await findSettings(queries, path);
  return SETTING_NAMES.flatMap((name) => {
    const said = settings[name];
    return said ? [{ name, value: said.value, origin: said.node } as Shown] : [];
  });
}

/** @throws RegistryError `not-found` */
async function getSetting(call: ApiCall<z.output<typeof nodeParams>>, name: SettingName): Promise<Shown> {
  const found = (await listSettings(call)).find((said) => said.name === name);
  if (!found) throw new RegistryError("not-found", `no namespace says anything of ${name} here`);
  return found;
}
