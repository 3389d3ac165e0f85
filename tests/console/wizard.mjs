// From the overview to a policy that is downloaded, with all pages on the way.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { walk } from "./browser.mjs";

const PRINCIPAL = process.env.PRINCIPAL;
const link = (page, name) => page.getByRole("link", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });

await walk(async (visit, page) => {
  await visit.look("overview");
  await link(page, "Principals").click();
  await page.getByLabel("Name or ARN").fill(PRINCIPAL.split("/").at(-1));
  await button(page, "Search").click();
  await visit.look("principals");
  await page.locator("tbody a.name").first().click();
  await visit.look("principal");

  await link(page, "Write its policy").click();
  assert.equal(await page.getByLabel("ARN").inputValue(), PRINCIPAL);
  await visit.look("generate");
  await button(page, "Generate").click();
  // The page tells by itself when the policy is ready.
  await link(page, "Review the policy").waitFor();
  await visit.look("progress");
  await link(page, "Review the policy").click();
  await visit.look("review");

  await page.locator("details.service summary").first().click();
  await page.locator("details.service[open] td a").first().click();
  await page.locator("details.event summary").first().click();
  await visit.look("evidence");
  await page.goBack();

  await page.getByLabel("Another service").fill("sqs");
  await button(page, "Choose actions").click();
  await page.getByLabel("Search").fill("receivem");
  const found = page.getByLabel("ReceiveMessage", { exact: true });
  await found.waitFor();
  assert.equal(await page.getByLabel("SendMessage", { exact: true }).isVisible(), false);
  await found.check();
  await visit.look("actions");
  await button(page, "Add what is chosen").click();
  await page.getByText("Added by hand").waitFor();

  await link(page, "Next: customize").first().click();
  await page.getByLabel("${QueueName}").fill("jobs");
  await page.getByLabel("Region}").fill("us-east-1");
  await page.getByLabel("aws:SourceIp").check();
  await button(page, "Apply the choices").click();
  const editor = page.locator("textarea[name=document]").first();
  assert.ok((await editor.inputValue()).includes(":jobs"));
  await visit.look("customize");

  // Findings follow what is typed.
  const good = await editor.inputValue();
  await editor.fill(good.replace('"Allow"', '"Alow"'));
  await page.getByText("INVALID_EFFECT").waitFor();
  await visit.look("findings");
  await editor.fill(good);
  await page.getByText("INVALID_EFFECT").waitFor({ state: "detached" });

  await button(page, "Next: proof").click();
  const told = await page.getByText(/^[\d,]+ of [\d,]+ allowed$/).textContent();
  const [allowed, requests] = told.match(/[\d,]+/g);
  assert.equal(allowed, requests, told);
  const present = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: ["s3:*", "ec2:Describe*"], Resource: "*" }] };
  await page.getByLabel("A policy that it has now").fill(JSON.stringify(present));
  await button(page, "Compare").click();
  await page.getByText(/Granted today, never used/).waitFor();
  await visit.look("proof");

  await link(page, "Next: name it").click();
  await page.getByLabel("Name", { exact: true }).fill("walked-here");
  await page.getByLabel("Tags").fill("team=logs");
  await button(page, "Use these").click();
  await visit.look("finish");
  for (const [name, has] of [
    ["walked-here.json", '"2012-10-17"'],
    ["walked-here.yaml", "# team=logs"],
    ["walked-here.tf", '"team" = "logs"'],
    ["walked-here.cloudformation.yaml", "ManagedPolicyName: walked-here"],
  ]) {
    const [download] = await Promise.all([page.waitForEvent("download"), link(page, name).click()]);
    assert.equal(download.suggestedFilename(), name);
    assert.ok(readFileSync(await download.path(), "utf8").includes(has), name);
  }

  await visit.go("/jobs");
  await visit.look("policies");
  await visit.go("/sql?name=ip-ranges");
  await visit.look("sql");
  await visit.go("/sql?q=SELECT+*+FROM+events&row=1");
  await visit.look("sql-wide");
  await visit.go("/sql?q=SELECT+nothing");
  await visit.look("sql-mistake");
  await visit.go("/?from=1999&to=1999");
  await visit.look("nothing");
  await button(page, "Sign out").click();
  await page.getByLabel("Token").waitFor();
  // The browser reports the status of the door.
  visit.wrong = visit.wrong.filter((it) => !it.includes("401"));
  await visit.look("door");
});
