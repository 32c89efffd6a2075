// Webhooks: delivered to a local receiver when a response and a batch are done, and unwrapped by the package.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { OpenAI, every } from '../walk.mjs';
import { until } from '../house.mjs';

export default async function (t) {
  const came = [];
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const piece of request) body += piece;
    came.push({ headers: request.headers, body });
    reply.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/hook`;
  try {
    await lived(t, url, () => until(() => came.shift()));
    await delivered(t, url, () => until(() => came.shift()));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function lived(t, url, next) {
  const { webhooks } = t.client;
  const types = (await webhooks.eventTypes.list()).data;
  t.true(types.includes('response.completed') && types.includes('batch.completed'));
  const made = await webhooks.create({ name: 'all', url, event_types: ['video.failed'] });
  t.true(made.signing_secret.startsWith('whsec_'));
  t.same((await webhooks.retrieve(made.id)).signing_secret, undefined);
  t.same((await webhooks.update(made.id, { name: 'every' })).name, 'every');
  t.same(await every('id', webhooks.list()), [made.id]);
  for (const event_type of types) {
    t.same((await webhooks.test(made.id, { event_type })).status_code, 200);
    const { body, headers } = await next();
    t.same((await webhooks.unwrap(body, headers, made.signing_secret)).type, event_type);
  }
  t.same((await webhooks.delete(made.id)).deleted, true);
  await t.gone(() => webhooks.retrieve(made.id));
}

async function delivered(t, url, next) {
  const { batches, responses, webhooks } = t.client;
  const made = await webhooks.create({ name: 'done', url, event_types: ['response.completed', 'batch.completed'] });
  const turned = await webhooks.rotateSecret(made.id, { keep_old_secret_active_for_24_hours: true });
  t.true(turned.signing_secret !== made.signing_secret);
  const told = async () => {
    const { body, headers } = await next();
    const event = await webhooks.unwrap(body, headers, turned.signing_secret);
    t.same(await webhooks.unwrap(body, headers, made.signing_secret), event);
    await t.refused(OpenAI.InvalidWebhookSignatureError, () => webhooks.unwrap(`${body} `, headers, made.signing_secret));
    return [event.type, event.data.id];
  };
  const response = await responses.create({ model: 'gpt-4o', input: 'Say: hi', background: true });
  t.same(await told(), ['response.completed', response.id]);
  const endpoint = '/v1/responses';
  const line = { custom_id: 'a', method: 'POST', url: endpoint, body: { model: 'gpt-4o', input: 'hi' } };
  const input_file_id = await t.upload('in.jsonl', JSON.stringify(line), 'batch');
  const batch = await batches.create({ input_file_id, endpoint, completion_window: '24h' });
  t.same(await told(), ['batch.completed', batch.id]);
  await webhooks.delete(made.id);
}
