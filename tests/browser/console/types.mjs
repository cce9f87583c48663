// node types.mjs BASE_URL FOLDER: generate schema.d.ts from /swagger.json into FOLDER, a copy of console/static/console.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import converter from 'swagger2openapi';

const [base, folder] = process.argv.slice(2);
const swagger = await (await fetch(`${base}/swagger.json`)).json();
const { openapi } = await converter.convertObj(swagger, {});
writeFileSync(join(folder, 'schema.d.ts'), astToString(await openapiTS(openapi)));
