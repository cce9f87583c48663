// Makes two clients of the API from a running server's /swagger.json: node generate.mjs <server> <folder>
import { writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import { generateApi } from "swagger-typescript-api";
import converter from "swagger2openapi";

const [server, folder] = process.argv.slice(2);
const swagger = await (await fetch(`${server}/swagger.json`)).json();

const { files } = await generateApi({
  spec: structuredClone(swagger),
  output: false,
  silent: true,
});
// What it generates is meant to be trusted; here the compiler is to read all of it.
const client = files[0].fileContent.replace("// @ts-nocheck", "");
await writeFile(`${folder}/client.ts`, client);

const { openapi } = await converter.convertObj(swagger, {});
await writeFile(`${folder}/schema.ts`, astToString(await openapiTS(openapi)));
