// With keys alone: every step can be reached and is seen where it is.

import assert from "node:assert/strict";

import { walk } from "./browser.mjs";

/** Presses Tab until what has the focus is called `name`. */
async function reach(page, name) {
  for (let pressed = 0; pressed < 400; pressed++) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const it = document.activeElement;
      const style = getComputedStyle(it);
      const box = it.closest(".editor") ? getComputedStyle(it.closest(".editor")) : style;
      const seen = [style, box].some((own) => own.outlineStyle !== "none" && parseFloat(own.outlineWidth) > 0);
      const label = it.labels?.[0]?.textContent ?? it.getAttribute("aria-label") ?? it.textContent;
      return { label: label.trim(), seen, tag: it.tagName };
    });
    if (found.tag !== "BODY") assert.ok(found.seen, `the focus is not seen on ${found.label}`);
    if (found.label === name) return;
  }
  assert.fail(`no way by Tab to ${name}`);
}

await walk(async (visit, page) => {
  await reach(page, "Skip to content");
  await page.keyboard.press("Enter");
  await visit.go(`/principal?arn=${encodeURIComponent(process.env.PRINCIPAL)}`);
  await reach(page, "Write its policy");
  await page.keyboard.press("Enter");
  await page.waitForURL(/generate/);
  await reach(page, "Generate");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Review the policy" }).waitFor();
  await reach(page, "Review the policy");
  await page.keyboard.press("Enter");
  await page.waitForURL(/review/);
  await reach(page, "Next: customize");
  await page.keyboard.press("Enter");
  await page.waitForURL(/customize/);
  // Out of the editor by Tab, too.
  await reach(page, "Next: proof");
  await page.keyboard.press("Enter");
  await page.waitForURL(/proof/);
  await reach(page, "Next: name it");
  await page.keyboard.press("Enter");
  await page.waitForURL(/finish/);
  await reach(page, "policy.json");
  await visit.go("/sql");
  await reach(page, "Query");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: "Answer" }).waitFor();
});
