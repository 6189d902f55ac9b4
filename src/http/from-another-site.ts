/** Whether a page of another site makes a browser send this; what is no browser does not say. No page can set the header. */
export function isFromAnotherSite({ headers }: Pick<Request, "headers">): boolean {
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}
