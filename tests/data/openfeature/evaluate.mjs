// Evaluates flags with OpenFeature's published SDKs and OFREP providers, as an application does: a server asks per
// flag, a page asks for all and polls. Questions are lines of JSON on standard input, each is answered by one line.
import { createInterface } from "node:readline";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature as Server } from "@openfeature/server-sdk";
import { OpenFeature as Web, ProviderEvents } from "@openfeature/web-sdk";

const [address, token] = process.argv.slice(2);
const context = { targetingKey: "u-1", plan: "pro" };
const headers = [["Authorization", `Bearer ${token}`]];
const defaults = { boolean: false, string: "code", number: -1, object: { code: true } };
const bulk = [];
const watched = async (request, options) => {
  const answer = await fetch(request, options);
  bulk.push(answer.status);
  return answer;
};
const shown = (found) => {
  const { value, variant, reason, errorCode } = found;
  return { value, variant: variant ?? null, reason, errorCode: errorCode ?? null };
};
const ask = (client, [kind, key]) => {
  const name = kind[0].toUpperCase() + kind.slice(1);
  return client[`get${name}Details`](key, defaults[kind]);
};

await Server.setProviderAndWait(new OFREPProvider({ baseUrl: address, headers }));
await Server.setContext(context);
await Web.setContext(context);
const page = new OFREPWebProvider({ baseUrl: address, headers, pollInterval: 300, fetchImplementation: watched });
await Web.setProviderAndWait(page);
const changed = [];
Web.getClient().addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(...(event.flagsChanged ?? [])));

const questions = {
  server: async (flags) => Promise.all(flags.map(async (flag) => shown(await ask(Server.getClient(), flag)))),
  web: async (flags) => flags.map((flag) => shown(ask(Web.getClient(), flag))),
  bulk: async () => bulk,
  changed: async () => changed,
};
console.log(JSON.stringify("ready"));
for await (const line of createInterface({ input: process.stdin })) {
  const { what, flags } = JSON.parse(line);
  console.log(JSON.stringify(await questions[what](flags)));
}
await Promise.all([Server.close(), Web.close()]);
process.exit(0);
