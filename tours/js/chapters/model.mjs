// Models: listed, looked up, and not everybody's to delete; faults and errors as the package knows them; completions.

import { OpenAI, all, every } from '../walk.mjs';

export default async function (t) {
  const { models } = t.client;
  const names = await every('id', models.list());
  t.true(['gpt-4o', 'gpt-5', 'text-embedding-3-small'].every((name) => names.includes(name)));
  t.same((await models.retrieve('gpt-4o')).owned_by, 'openai');
  const error = await t.refused(OpenAI.NotFoundError, () => models.retrieve('gpt-none'));
  t.same([error.code, error.status], ['model_not_found', 404]);
  t.true(error.requestID);
  await t.refused(OpenAI.PermissionDeniedError, () => models.delete('gpt-4o'));
  const denied = await t.refused(OpenAI.AuthenticationError, () => t.make('sk-invalid').models.list());
  t.same(denied.code, 'invalid_api_key');
  await faults(t);
  await completions(t);
}

async function faults(t) {
  const answer = (client, fault) =>
    client.responses.create({ model: 'gpt-5', input: 'Say: ok' }, { headers: { 'X-Antiphon-Fault': fault } });
  const kinds = { 409: OpenAI.ConflictError, 429: OpenAI.RateLimitError, 500: OpenAI.InternalServerError };
  for (const [status, kind] of Object.entries(kinds)) {
    await t.refused(kind, () => answer(t.client, `status=${status}`));
  }
  await t.refused(OpenAI.APIConnectionError, () => answer(t.client, 'reset=0'));
  const again = t.make('sk-tour', { maxRetries: 2 });
  for (const fault of ['status=503;retry_after=0.01', 'reset=0']) {
    t.same((await answer(again, `${fault};times=1;id=js-${fault.slice(0, 5)}`)).output_text, 'ok');
  }
}

async function completions(t) {
  const model = 'gpt-3.5-turbo-instruct';
  const found = await t.client.completions.create({ model, prompt: ['What is 2+2?', 'Say: hi'] });
  t.same(found.choices.map((choice) => choice.text), ['2+2 = 4', 'hi']);
  const chunks = await all(t.client.completions.create({ model, prompt: 'Say: one two', stream: true }));
  t.same(chunks.map((chunk) => chunk.choices[0].text).join(''), 'one two');
}
