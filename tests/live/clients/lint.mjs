// Prints what spectral and Redocly, with their recommended rules, say of an OpenAPI document.
import { readFileSync } from "node:fs";
import { createConfig, lint } from "@redocly/openapi-core";
import spectral from "@stoplight/spectral-core";
import parsers from "@stoplight/spectral-parsers";
import rulesets from "@stoplight/spectral-rulesets";

const [path] = process.argv.slice(2);
const WARNING = 1;
// A route that only redirects has no other answer.
const EXPECTED = ["operation-2xx-response"];

const linter = new spectral.Spectral();
linter.setRuleset({ extends: [[rulesets.oas, "recommended"]] });
const document = new spectral.Document(readFileSync(path, "utf8"), parsers.Json, path);
for (const { severity, code, path: place, message } of await linter.run(document))
	if (severity <= WARNING) console.log("spectral", code, place.join("/"), message);

const config = await createConfig({ extends: ["recommended"] });
for (const { ruleId, location, message } of await lint({ ref: path, config }))
	if (!EXPECTED.includes(ruleId)) console.log("redocly", ruleId, location[0]?.pointer, message);
