// The tour of the README with the client of swagger-typescript-api: node tour.js <server> <what was asked>
import { Api, type Message } from "./client.js";

declare const process: { argv: string[] };

const [server, asked] = process.argv.slice(2);
const visitor = new Api({ baseUrl: `${server}/api` });
const { data: sam } = await visitor.auth.authLoginCreate({ username: "sam", password: "patter-demo-sam-1" });
const { auth, customers, messages } = new Api({
  baseUrl: `${server}/api`,
  baseApiParams: { headers: { Authorization: `Bearer ${sam.access}` } },
});

const { data: me } = await auth.authMeRead();
if (me.role !== "sales") throw new Error(`Sam is ${me.role}`);
const { data: found } = await customers.customersList({ search: "447700900101", is_active: true });
const nimal = found.results[0];

const { data: chat } = await customers.customersMessagesList(nimal.id, { direction: "inbound", page_size: 1 });
if (chat.results[0].text !== asked) throw new Error(`Nimal wrote ${chat.results[0].text}`);

const { data: sent } = await messages.messagesCreate({
  customer: nimal.id,
  type: "text",
  text: "We do, six of them.",
  client_id: "tour-1",
});
if (Array.isArray(sent)) throw new Error("one message was sent, and a list came back");

let answer: Message = sent;
while (answer.status !== "read") {
  if (answer.error !== undefined && answer.error !== null) throw new Error(`not sent: ${answer.error.code}`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer = (await messages.messagesRead(answer.id)).data;
}
console.log(`The answer is ${answer.status}`);
