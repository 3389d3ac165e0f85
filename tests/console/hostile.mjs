// A trail in which every field is markup: nothing of it is run, and no element comes of it.

import assert from "node:assert/strict";

import { walk } from "./browser.mjs";

const PATHS = JSON.parse(process.env.PATHS);

await walk(async (visit, page) => {
  /** Neither a script nor a handler, and no element that a page of ours never has. */
  const clean = async (path) => {
    const alien = await page.evaluate(() => {
      const handlers = [...document.querySelectorAll("*")].filter((it) => [...it.attributes].some((own) => own.name.startsWith("on")));
      const elements = document.querySelectorAll("img, iframe, object, embed, base, marquee, style, body script, [src^='javascript'], [href^='javascript']");
      return [...handlers, ...elements].map((it) => it.outerHTML.slice(0, 200));
    });
    assert.deepEqual(alien, [], path);
    // The browser reports the status of what is refused, as a range that is none.
    visit.wrong = visit.wrong.filter((it) => !/status of (400|404)/.test(it));
    visit.well(path);
  };
  let shown = 0;
  for (const path of PATHS) {
    await visit.go(path);
    await clean(path);
    const all = page.locator("details");
    for (let at = 0; at < Math.min(await all.count(), 5); at++) await all.nth(at).evaluate((it) => (it.open = true));
    if ((await page.textContent("main")).includes("<img")) shown += 1;
    await clean(path);
  }
  assert.ok(shown >= PATHS.length - 2, `the markup is shown as text on ${shown} of ${PATHS.length} pages only`);
  await visit.shoot("hostile");

  // The wizard, with a principal, actions and resources of such names.
  await visit.go(`/generate?principal=${encodeURIComponent(process.env.PRINCIPAL)}`);
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByRole("link", { name: "Review the policy" }).click();
  await clean("review");
  for (const step of ["customize", "proof", "finish"]) {
    await visit.go(page.url().replace(/(review|customize|proof)/, step));
    await clean(step);
  }
});
