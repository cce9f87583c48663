// The tour of the README with openapi-fetch on the types of openapi-typescript: node tour-fetch.js <server> <what was asked>
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

const [server, asked] = process.argv.slice(2);
const visitor = createClient<paths>({ baseUrl: `${server}/api` });
const { data: sam } = await visitor.POST("/auth/login/", {
  body: { username: "sam", password: "patter-demo-sam-1" },
});
if (sam === undefined) throw new Error("Sam cannot sign in");
const api = createClient<paths>({
  baseUrl: `${server}/api`,
  headers: { Authorization: `Bearer ${sam.access}` },
});

const { data: found } = await api.GET("/customers/", {
  params: { query: { search: "447700900101", is_active: true } },
});
const nimal = found?.results[0];
if (nimal === undefined) throw new Error("Nimal is not found");

const { data: chat } = await api.GET("/customers/{customer_id}/messages/", {
  params: { path: { customer_id: nimal.id }, query: { direction: "inbound", page_size: 1 } },
});
if (chat?.results[0].text !== asked) throw new Error(`Nimal wrote ${chat?.results[0].text}`);

const { data: sent, error } = await api.POST("/messages/", {
  body: { customer: nimal.id, type: "text", text: "We do, six of them.", client_id: "tour-2" },
  bodySerializer: (body) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(body)) form.set(name, String(value));
    return form;
  },
});
if (sent === undefined) throw new Error(`not sent: ${JSON.stringify(error)}`);
if (Array.isArray(sent)) throw new Error("one message was sent, and a list came back");

let answer: components["schemas"]["Message"] = sent;
while (answer.status !== "read") {
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { data } = await api.GET("/messages/{id}/", { params: { path: { id: answer.id } } });
  if (data === undefined) throw new Error("the message is gone");
  answer = data;
}
console.log(`The answer is ${answer.status}`);
