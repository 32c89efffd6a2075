// Chat completions: several choices, log probabilities, streams, tools, schemas, and what is stored of them.

import { OpenAI, all, every, sum, user } from '../walk.mjs';

const PARAMETERS = {
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
};
const TOOL = { type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters: PARAMETERS, strict: true } };
const PERSON = {
  type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false,
};
const model = 'gpt-4o';

export default async function (t) {
  await choices(t);
  await streams(t);
  await tools(t);
  await stored(t);
  await refusals(t);
}

async function choices(t) {
  const { completions } = t.client.chat;
  const two = await completions.create({ model, messages: user('Tell me about whales'), n: 2, logprobs: true, top_logprobs: 2 });
  t.same(two.choices.map((choice) => choice.index), [0, 1]);
  t.true(two.choices[0].message.content !== two.choices[1].message.content);
  for (const choice of two.choices) {
    t.same(choice.logprobs.content.map((entry) => entry.token).join(''), choice.message.content);
    t.true(choice.logprobs.content.every((entry) => entry.logprob <= 0 && entry.top_logprobs.length === 2));
  }
  t.same(sum(two.choices.map((choice) => choice.logprobs.content.length)), two.usage.completion_tokens);
  const format = { type: 'json_schema', json_schema: { name: 'person', schema: PERSON, strict: true } };
  const parsed = await completions.parse({ model, messages: user('Alice is 30 years old'), response_format: format });
  t.same(JSON.parse(parsed.choices[0].message.content), { name: 'Alice', age: 30 });
  const cut = await completions.create({ model, messages: user('Say: one two three'), max_completion_tokens: 2 });
  t.same([cut.choices[0].message.content, cut.choices[0].finish_reason], ['one two', 'length']);
}

async function streams(t) {
  const { completions } = t.client.chat;
  const asked = { model, messages: user('Say: one two three') };
  const chunks = await all(completions.create({ ...asked, stream: true, stream_options: { include_usage: true } }));
  t.same(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'one two three');
  t.same(chunks.at(-1).usage.completion_tokens, 3);
  const stream = completions.stream(asked);
  const deltas = [];
  stream.on('content', (delta) => deltas.push(delta));
  t.same(await stream.finalContent(), 'one two three');
  t.same(deltas.join(''), 'one two three');
}

async function tools(t) {
  const { completions } = t.client.chat;
  const asked = user('Weather in Paris?');
  const { message } = (await completions.create({ model, messages: asked, tools: [TOOL] })).choices[0];
  t.same(JSON.parse(message.tool_calls[0].function.arguments), { city: 'Paris' });
  const answer = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: '{"temp": 21}' };
  const told = await completions.create({ model, messages: [...asked, message, answer], tools: [TOOL] });
  t.same(told.choices[0].message.content, 'get_weather(Paris): temp 21.');
  const seen = [];
  const weather = (given) => {
    seen.push(given);
    return 'sunny';
  };
  const called = { ...TOOL.function, strict: false, function: weather, parse: JSON.parse };
  const runner = completions.runTools({ model, messages: asked, tools: [{ type: 'function', function: called }] });
  t.same(await runner.finalContent(), 'get_weather(Paris): sunny');
  t.same(seen, [{ city: 'Paris' }]);
}

async function stored(t) {
  const { completions } = t.client.chat;
  const metadata = { tour: 'js' };
  const ids = [];
  for (const n of [0, 1, 2, 3, 4]) {
    ids.push((await completions.create({ model, messages: user(`Say: ${n}`), store: true, metadata })).id);
  }
  t.same(await every('id', completions.list({ metadata, limit: 2 })), ids);
  t.same((await completions.retrieve(ids[0])).choices[0].message.content, '0');
  t.same((await completions.update(ids[0], { metadata: { a: 'b' } })).metadata, { a: 'b' });
  t.same(await every('content', completions.messages.list(ids[0])), ['Say: 0']);
  t.same((await completions.delete(ids[0])).deleted, true);
  await t.gone(() => completions.retrieve(ids[0]));
}

async function refusals(t) {
  const { completions } = t.client.chat;
  const bad = await t.refused(OpenAI.BadRequestError, () => completions.create({ model, messages: user('x'), colour: 'red' }));
  t.same([bad.param, bad.code], ['colour', 'unknown_parameter']);
  await t.gone(() => completions.create({ model: 'gpt-none', messages: user('x') }));
}
