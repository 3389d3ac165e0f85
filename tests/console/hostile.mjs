// A trail in which every field is markup: nothing of it is run, and no element comes of it.

import assert from "node:assert/strict";

import { walk } from "./browser.mjs";

const PATHS = JSON.parse(process.env.PATHS);

await walk(async (visit, page) => {
  const wide = [];
  /** Neither a script nor a handler, and no element that a page of ours never has. */
  const clean = async (name) => {
    const alien = await page.evaluate(() => {
      for (const part of document.querySelectorAll("details")) part.open = true;
      const handlers = [...document.querySelectorAll("*")].filter((it) => [...it.attributes].some((own) => own.name.startsWith("on")));
      const elements = document.querySelectorAll("img, iframe, object, embed, base, marquee, style, body script, [src^='javascript'], [href^='javascript']");
      return [...handlers, ...elements].map((it) => it.outerHTML.slice(0, 200));
    });
    assert.deepEqual(alien, [], name);
    // The browser reports the status of what is refused, as a range that is none.
    visit.wrong = visit.wrong.filter((it) => !/status of (400|404)/.test(it));
    visit.well(name);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wide.push(`${name} is ${over} pixels too wide`);
  };
  /** The same, where something of the log is shown as the text that it is. */
  const shows = async (name) => {
    await clean(name);
    const text = await page.evaluate(() => {
      const typed = [...document.querySelectorAll("input, textarea")].map((it) => it.value);
      return [document.querySelector("main").textContent, ...typed].join("\n");
    });
    assert.ok(text.includes("<img src=x onerror=alert(1)>"), `no markup as text: ${name}`);
  };
  for (const path of PATHS) {
    await visit.go(path);
    await shows(path);
  }
  await visit.shoot("principal");

  // The wizard, with a principal, actions and resources of such names.
  await visit.go(`/generate?principal=${encodeURIComponent(process.env.PRINCIPAL)}`);
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByRole("link", { name: "Review the policy" }).waitFor();
  await shows("progress");
  await page.getByRole("link", { name: "Review the policy" }).click();
  await page.waitForURL(/review/);
  await shows("review");
  await visit.shoot("review");
  const review = page.url();
  await page.locator("details.service td a").first().click();
  await page.waitForURL(/evidence/);
  await shows("evidence");
  await visit.shoot("evidence");
  await visit.go(review.replace("review", "customize"));
  await shows("customize");
  await visit.shoot("customize");
  // Findings and what a draft holds come from whoever types.
  const editor = page.locator("textarea[name=document]").first();
  const typed = (await editor.inputValue()).replace("s3:GetObject", "s3:<img src=x onerror=alert(1)>");
  await editor.fill(typed);
  await page.getByText("INVALID_ACTION").first().waitFor();
  await shows("findings");
  await page.getByRole("button", { name: "Next: proof", exact: true }).click();
  await page.waitForURL(/proof/);
  await shows("proof of a draft");
  await visit.go(review.replace("review", "proof"));
  await page.getByLabel("A policy that it has now").fill(typed);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.waitForURL(/present=/);
  await shows("comparison");
  const named = `name=${encodeURIComponent("<img src=x onerror=alert(1)>")}&tags=${encodeURIComponent("<img src=x onerror=alert(1)>")}`;
  await visit.go(review.replace("review", "finish"));
  await shows("finish");
  await visit.go(`${review.replace("review", "finish")}?${named}`);
  await shows("finish with a name");
  await visit.go(`${review.replace("review", "actions")}?service=s3&q=${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
  await shows("actions");
  await visit.go(`${review.replace("review", "apply")}?${named}`);
  await shows("attach");
  await visit.go("/jobs");
  await shows("policies");
  assert.deepEqual(wide, []);
});
