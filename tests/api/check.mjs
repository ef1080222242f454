// SPDX-License-Identifier: GPL-2.0-or-later
// openapi.json in the eyes of others: a validator of OpenAPI 3.1 documents, and a JSON schema compiler for each of its
// schemas; the examples are right by them, and what is wrong is refused.
// node check.mjs openapi.json [ANSWER.json SCHEMA]...
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

let passed = 0, failed = 0;
function ok(good, text, why) {
	console.log(`${good ? "ok" : "not ok"} - ${text}`);
	if (!good)
		console.log(`# ${why}`);
	good ? passed++ : failed++;
}

const doc = JSON.parse(readFileSync(process.argv[2], "utf8"));
const outside = new Validator();
const res = await outside.validate(structuredClone(doc));
ok(res.valid, "an OpenAPI 3.1 document", JSON.stringify(res.errors));
ok(outside.version === "3.1", "of version 3.1", outside.version);

const ajv = new Ajv({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true });
formats(ajv);
for (const word of ["x-default", "x-applies", "x-only-stored", "components", "openapi", "info", "servers", "security", "paths"])
	ajv.addKeyword(word);
ajv.addSchema({ $id: "doc", ...doc });
const moved = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc#/'));
const schemas = Object.keys(doc.components.schemas);
let bad = [];
for (const name of schemas) {
	try {
		ajv.compile({ $ref: `doc#/components/schemas/${name}` });
	} catch (e) {
		bad.push(`${name}: ${e.message}`);
	}
}
ok(bad.length === 0 && schemas.length > 30, `${schemas.length} schemas compile`, bad.join("; "));

bad = [];
let bodies = 0, ids = new Set(), ops = 0;
for (const [path, verbs] of Object.entries(doc.paths)) {
	const named = [...path.matchAll(/{(\w+)}/g)].map((m) => m[1]);
	for (const [verb, op] of Object.entries(verbs)) {
		const where = `${verb} ${path}`, body = op.requestBody?.content["application/json"];
		ops++;
		if (ids.has(op.operationId))
			bad.push(`${where}: operationId twice`);
		ids.add(op.operationId);
		if (named.some((n) => !op.parameters.find((p) => p.in === "path" && p.name === n)))
			bad.push(`${where}: a name of the path is no parameter`);
		if (!Object.keys(op.responses).some((s) => s[0] === "1" || s[0] === "2"))
			bad.push(`${where}: never succeeds`);
		if (!body)
			continue;
		bodies++;
		const check = ajv.compile(moved(body.schema));
		if (!check(body.example))
			bad.push(`${where}: the example: ${ajv.errorsText(check.errors)}`);
		if (check({ ...body.example, "no-such-member": 1 }) || check([]) || check("x"))
			bad.push(`${where}: takes what it should not`);
	}
}
ok(bad.length === 0 && ops > 40, `${ops} operations, ${bodies} examples right by their schemas`, bad.join("; "));

for (let i = 3; i + 1 < process.argv.length; i += 2) {
	const check = ajv.compile({ $ref: `doc#/components/schemas/${process.argv[i + 1]}` });
	const answer = JSON.parse(readFileSync(process.argv[i], "utf8"));
	ok(check(answer), `${process.argv[i].replace(/.*\//, "")} is a ${process.argv[i + 1]}`, ajv.errorsText(check.errors));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
