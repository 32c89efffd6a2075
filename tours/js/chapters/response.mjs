// Responses: chains, streams, work in the background that is followed and cancelled, reasoning, counts, compaction.

import { OpenAI, all, every, user } from '../walk.mjs';

const PARAMETERS = {
  type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false,
};
const TOOL = { type: 'function', name: 'get_weather', description: 'Weather of a city', parameters: PARAMETERS, strict: true };
const PERSON = {
  type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false,
};
const model = 'gpt-5';

export default async function (t) {
  await chains(t);
  await tools(t);
  await streams(t);
  await background(t);
  await reasoning(t);
  await beta(t);
  const bad = await t.refused(OpenAI.BadRequestError, () => t.client.responses.create({ model, input: 'x', colour: 'red' }));
  t.same([bad.param, bad.code], ['colour', 'unknown_parameter']);
}

async function chains(t) {
  const { responses } = t.client;
  const asked = { model, input: 'My name is Zoe', instructions: 'Be kind.' };
  const first = await responses.create(asked);
  const second = await responses.create({ model, input: 'What is my name?', previous_response_id: first.id });
  t.same(second.output_text, 'Your name is Zoe.');
  t.same((await responses.retrieve(second.id)).output_text, second.output_text);
  const [item] = await all(responses.inputItems.list(second.id, { order: 'asc' }));
  t.same(item.content[0].text, 'What is my name?');
  t.same((await responses.inputTokens.count(asked)).input_tokens, first.usage.input_tokens);
  await responses.delete(first.id);
  const unstored = await responses.create({ model, input: 'hi', store: false });
  await t.gone(() => responses.retrieve(first.id), () => responses.retrieve(unstored.id));
}

async function tools(t) {
  const { responses } = t.client;
  const called = await responses.create({ model, input: 'Weather in Paris?', tools: [TOOL] });
  const call = called.output.at(-1);
  t.same([call.name, JSON.parse(call.arguments)], ['get_weather', { city: 'Paris' }]);
  const output = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' };
  const told = await responses.create({ model, input: [output], previous_response_id: called.id, tools: [TOOL] });
  t.same(told.output_text, 'get_weather(Paris): sunny');
  const format = { type: 'json_schema', name: 'person', schema: PERSON, strict: true };
  const parsed = await responses.parse({ model, input: 'Bob is 41 years old', text: { format } });
  t.same(parsed.output_parsed, { name: 'Bob', age: 41 });
  const include = ['message.output_text.logprobs'];
  const logged = await responses.create({ model: 'gpt-4o', input: 'Say: one two', include, top_logprobs: 2 });
  t.same(logged.output[0].content[0].logprobs.map((entry) => entry.token), ['one', ' two']);
}

async function streams(t) {
  const { responses } = t.client;
  const events = await all(responses.create({ model, input: 'Say: one two three', stream: true }));
  t.same([events[0].type, events.at(-1).type], ['response.created', 'response.completed']);
  t.same(events.map((event) => event.sequence_number), [...events.keys()]);
  const deltas = events.filter((event) => event.type === 'response.output_text.delta');
  t.same(deltas.map((event) => event.delta).join(''), 'one two three');
  const stream = responses.stream({ model, input: 'Weather in Rome?', tools: [TOOL] });
  const kinds = await every('type', stream);
  t.true(kinds.includes('response.function_call_arguments.done'));
  t.same(JSON.parse((await stream.finalResponse()).output.at(-1).arguments), { city: 'Rome' });
}

async function background(t) {
  const { responses } = t.client;
  const made = await responses.create({ model, input: 'Say: one two three', background: true });
  t.same([made.status, made.output], ['queued', []]);
  const numbers = await every('sequence_number', responses.retrieve(made.id, { stream: true, starting_after: 2 }));
  t.same(numbers, numbers.map((_, place) => place + 3));
  const done = await responses.retrieve(made.id);
  t.same([done.status, done.output_text], ['completed', 'one two three']);
  const stopped = await responses.create({ model, input: 'Say: x', background: true });
  t.same((await responses.cancel(stopped.id)).status, 'cancelled');
  await t.house.wait(10);
  t.same((await responses.retrieve(stopped.id)).status, 'cancelled');
}

async function reasoning(t) {
  const { responses } = t.client;
  const asked = { model, input: 'What is 6*7?', reasoning: { effort: 'low', summary: 'auto' }, store: false };
  const found = await responses.create({ ...asked, include: ['reasoning.encrypted_content'] });
  const [thought, message] = found.output;
  t.same([thought.type, message.content[0].text], ['reasoning', '6*7 = 42']);
  t.true(thought.summary[0].text && thought.encrypted_content);
  const again = await responses.create({ model, input: [...user('What is 6*7?'), thought, message, ...user('Say: ok')] });
  t.same(again.output_text, 'ok');
  const filler = 'The sea was calm that day and nothing happened at all for hours. '.repeat(40);
  const talk = [...user('My name is Zoe.'), { role: 'assistant', content: filler }, ...user('Go on.')];
  const compacted = await responses.compact({ model: 'gpt-4o', input: talk });
  t.same(compacted.output.map((item) => item.type), ['message', 'message', 'compaction']);
  const told = await responses.create({ model: 'gpt-4o', input: [...compacted.output, ...user('What is my name?')] });
  t.same(told.output_text, 'Your name is Zoe.');
}

async function beta(t) {
  const { responses } = t.client.beta;
  const input = 'Please do both:\n1. What is 6*7?\n2. What is 10-3?';
  const made = await responses.create({ model: 'gpt-4o', input, multi_agent: { enabled: true } });
  t.same(made.output.at(-1).content[0].text, 'What is 6*7?: 6*7 = 42\nWhat is 10-3?: 10-3 = 7');
  t.same((await responses.retrieve(made.id)).id, made.id);
  t.same((await all(responses.inputItems.list(made.id)))[0].content[0].text, input);
  const counted = await responses.inputTokens.count({ model: 'gpt-4o', input });
  t.same((await responses.compact({ model: 'gpt-4o', input })).usage.input_tokens, counted.input_tokens);
  const later = await responses.create({ model: 'gpt-4o', input: 'Say: hi', background: true });
  t.same((await responses.cancel(later.id)).status, 'cancelled');
  await responses.delete(made.id);
  await t.gone(() => responses.retrieve(made.id));
}
