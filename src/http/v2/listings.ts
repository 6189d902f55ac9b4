import { OCI_IMAGE_INDEX, type RepositoryName, type Tag } from "../../oci/index.ts";
import { listReferrers, listRepositories, listTags, type NameList } from "../../registry/index.ts";
import { type Answer, type AnswerHeaders, jsonAnswer } from "../answer.ts";
import { type Exchange, type ExchangeAt, nameInUrls } from "./exchange.ts";
import { nextLink, parsePage } from "./paging.ts";

const DEFAULT_CATALOG_PAGE = 100;
const REFERRERS_PAGE = 1000;

/** @spec OCI distribution-spec, end-8a, end-8b */
export async function sendTags(exchange: ExchangeAt<"tags">): Promise<Answer> {
  const { registry, query, options, route } = exchange;
  const { name } = route;
  const page = parsePage(query, options.maxTags);
  const list = await listTags(registry, name, page, tagFilter(exchange, name));
  const headers = linked(linkAfter(exchange, `${nameInUrls(exchange, name)}/tags/list`, list, page.limit));
  return jsonAnswer({ name, tags: list.names }, headers);
}

/** `undefined` where all tags may be pulled. */
function tagFilter({ caller }: Exchange, path: RepositoryName): ((tag: Tag) => boolean) | undefined {
  if (caller.refusalOf({ path, action: "pull" }) === undefined) return undefined;
  return (tag) => caller.refusalOf({ path, action: "pull", tag }) === undefined;
}

/** Docker Registry HTTP API V2, "Listing Repositories"; only what the caller may see. */
export async function sendCatalog(exchange: Exchange): Promise<Answer> {
  const { registry, query, options, caller } = exchange;
  const { limit, after } = parsePage(query, options.maxCatalogEntries);
  const pageLimit = limit ?? Math.min(DEFAULT_CATALOG_PAGE, options.maxCatalogEntries);
  const list = await listRepositories(registry, { limit: pageLimit, after }, (name) => caller.maySee(name));
  const headers = linked(linkAfter(exchange, "_catalog", list, pageLimit));
  return jsonAnswer({ repositories: list.names }, headers);
}

/** @spec OCI distribution-spec, end-12a, end-12b */
export async function sendReferrers(exchange: ExchangeAt<"referrers">): Promise<Answer> {
  const { registry, query, route } = exchange;
  const { name: repository, digest: subject } = route;
  // No media type has a space, so that one was a plus that was not escaped, as in `application/spdx+json`.
  const artifactType = query.get("artifactType")?.replaceAll(" ", "+") || undefined;
  const page = parsePage(query, REFERRERS_PAGE);
  const limit = page.limit || REFERRERS_PAGE;
  const list = await listReferrers(registry, { repository, subject, artifactType, after: page.after, limit });
  const headers: AnswerHeaders = { "Content-Type": OCI_IMAGE_INDEX };
  if (artifactType !== undefined) headers["OCI-Filters-Applied"] = "artifactType";
  const last = list.descriptors.at(-1);
  if (list.hasMore && last)
    headers.Link = linkTo(
      exchange,
      `${nameInUrls(exchange, repository)}/referrers/${subject}`,
      last.digest,
      page.limit,
    );
  const body = { schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: list.descriptors };
  return jsonAnswer(body, headers);
}

function linkAfter(
  exchange: Exchange,
  path: string,
  list: NameList<string>,
  limit: number | undefined,
): string | undefined {
  const last = list.names.at(-1);
  return list.hasMore && last !== undefined ? linkTo(exchange, path, last, limit) : undefined;
}

function linkTo(exchange: Exchange, path: string, last: string, limit: number | undefined): string {
  return nextLink(`${exchange.options.prefix}v2/${path}`, exchange.query, last, limit);
}

function linked(link: string | undefined): AnswerHeaders {
  return link === undefined ? {} : { Link: link };
}
