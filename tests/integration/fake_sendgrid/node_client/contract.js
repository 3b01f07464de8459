// Talks to the fake with the official Node SDK and prints what it saw as one line of JSON.
const client = require("@sendgrid/client");
const mail = require("@sendgrid/mail");
const { EventWebhook } = require("@sendgrid/eventwebhook");

const [, , host, key, publicKey, postsText] = process.argv;
client.setApiKey(key);
client.setDefaultRequest("baseUrl", host);
mail.setClient(client);

const message = { to: "reader@example.com", from: "news@example.com", subject: "Hello", text: "plain", html: "<p>html</p>" };

async function main() {
  const [accepted] = await mail.send(message);
  const several = await mail.sendMultiple({ ...message, to: ["a@example.com", "b@example.com"] });
  const refused = await mail.send({ ...message, subject: undefined }).catch((error) => error);
  const [scopes] = await client.request({ method: "GET", url: "/v3/scopes" });
  const webhook = new EventWebhook();
  const ecdsa = webhook.convertPublicKeyToECDSA(publicKey);
  const verified = JSON.parse(postsText).map((post) => webhook.verifySignature(ecdsa, post.body, post.signature, post.timestamp));
  console.log(JSON.stringify({
    status: accepted.statusCode,
    messageId: accepted.headers["x-message-id"],
    several: several[0].statusCode,
    refused: refused.code,
    field: refused.response.body.errors[0].field,
    scopes: scopes.body.scopes.length,
    verified,
  }));
}

main().catch((error) => { console.error(error); process.exit(1); });
