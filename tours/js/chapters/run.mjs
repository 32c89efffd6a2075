// Runs: polled, streamed, waiting for an action that is required, searching files, cancelled, expired.

import { OpenAI, all, every, user } from '../walk.mjs';

const SOON = { pollIntervalMs: 50 };
const model = 'gpt-4o';
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const WEATHER = { type: 'function', function: { name: 'get_weather', description: 'The weather in a city', parameters } };
const STORY = 'The heron stands in the water. The code word for the vault is bluebird. Nobody knows the name of the cook.';

export default async function (t) {
  const { assistants } = t.client.beta;
  const plain = (await assistants.create({ model, instructions: 'Be brief.' })).id;
  const weather = (await assistants.create({ model, tools: [WEATHER] })).id;
  await answered(t, plain);
  await requiredAction(t, weather);
  await streamed(t, weather);
  await searching(t);
  await ended(t, weather);
}

const said = async (t, thread) =>
  (await all(t.client.beta.threads.messages.list(thread, { order: 'asc' }))).map((m) => m.content[0].text.value);

async function answered(t, assistant_id) {
  const { threads } = t.client.beta;
  const thread_id = (await threads.create({ messages: user('What is 12 * 7?') })).id;
  const made = await threads.runs.create(thread_id, { assistant_id });
  t.same([made.status, made.instructions], ['queued', 'Be brief.']);
  const more = { role: 'user', content: 'more' };
  await t.refused(OpenAI.BadRequestError, () => threads.messages.create(thread_id, more));
  const done = await threads.runs.poll(made.id, { thread_id }, SOON);
  t.same([done.status, await said(t, thread_id)], ['completed', ['What is 12 * 7?', '12 * 7 = 84']]);
  const [step] = await all(threads.runs.steps.list(done.id, { thread_id }));
  t.same(await threads.runs.steps.retrieve(step.id, { thread_id, run_id: done.id }), step);
  t.same((await threads.runs.update(done.id, { thread_id, metadata: { a: 'b' } })).metadata, { a: 'b' });
  t.same(await every('id', threads.runs.list(thread_id)), [done.id]);
  const both = await threads.createAndRunPoll({ assistant_id, thread: { messages: user('What is 6 * 7?') } }, SOON);
  t.same((await said(t, both.thread_id)).at(-1), '6 * 7 = 42');
}

async function requiredAction(t, assistant_id) {
  const { threads } = t.client.beta;
  const thread_id = (await threads.create({ messages: user('What is the weather in Paris and Rome?') })).id;
  const run = await threads.runs.createAndPoll(thread_id, { assistant_id }, SOON);
  t.same([run.status, run.required_action.type], ['requires_action', 'submit_tool_outputs']);
  const calls = run.required_action.submit_tool_outputs.tool_calls;
  t.same(calls.map((call) => call.function.arguments), ['{"city":"Paris"}', '{"city":"Rome"}']);
  const tool_outputs = calls.map((call, n) => ({ tool_call_id: call.id, output: ['sunny', 'rain'][n] }));
  const one = { thread_id, tool_outputs: tool_outputs.slice(1) };
  await t.refused(OpenAI.BadRequestError, () => threads.runs.submitToolOutputs(run.id, one));
  const done = await threads.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs }, SOON);
  t.same([done.status, done.required_action], ['completed', null]);
  t.same((await said(t, thread_id)).at(-1), 'get_weather(Paris): sunny\nget_weather(Rome): rain');
}

async function streamed(t, assistant_id) {
  const { threads } = t.client.beta;
  const asked = { assistant_id, thread: { messages: user('What is the weather in Paris?') } };
  const run = await threads.createAndRunStream(asked).finalRun();
  t.same(run.status, 'requires_action');
  const [call] = run.required_action.submit_tool_outputs.tool_calls;
  const tool_outputs = [{ tool_call_id: call.id, output: 'sunny' }];
  const stream = threads.runs.submitToolOutputsStream(run.id, { thread_id: run.thread_id, tool_outputs });
  const deltas = [];
  stream.on('textDelta', (delta) => deltas.push(delta.value));
  t.same((await stream.finalRun()).status, 'completed');
  t.same(deltas.join(''), 'get_weather(Paris): sunny');
  const thread = (await threads.create({ messages: user('What is 12 * 7?') })).id;
  const kinds = await every('event', threads.runs.create(thread, { assistant_id, stream: true }));
  t.same([kinds[0], kinds.at(-1)], ['thread.run.created', 'thread.run.completed']);
}

async function searching(t) {
  const { assistants, threads } = t.client.beta;
  const file_id = await t.upload('story.txt', STORY, 'assistants');
  const tools = [{ type: 'file_search' }];
  const assistant_id = (await assistants.create({ model, tools })).id;
  const [message] = user('What is the code word for the vault?');
  const thread = { messages: [{ ...message, attachments: [{ file_id, tools }] }] };
  const run = await threads.createAndRunPoll({ assistant_id, thread }, SOON);
  t.same(run.status, 'completed');
  const [{ content }] = await all(threads.messages.list(run.thread_id, { run_id: run.id }));
  t.true(content[0].text.value.startsWith('The code word for the vault is bluebird.'));
  t.same(content[0].text.annotations[0].file_citation.file_id, file_id);
}

async function ended(t, assistant_id) {
  const { threads } = t.client.beta;
  const asked = { assistant_id, thread: { messages: user('What is the weather in Paris?') } };
  const [first, second] = [await threads.createAndRunPoll(asked, SOON), await threads.createAndRunPoll(asked, SOON)];
  t.same((await threads.runs.cancel(first.id, { thread_id: first.thread_id })).status, 'cancelling');
  await t.house.wait(601);
  for (const [run, status] of [[first, 'cancelled'], [second, 'expired']]) {
    t.same((await threads.runs.retrieve(run.id, { thread_id: run.thread_id })).status, status);
  }
}
