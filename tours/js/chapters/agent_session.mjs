// Sessions of agents: followed by the package's helpers, waiting for results, limited, with subagents and traces.

import { OpenAI, all, every } from '../walk.mjs';

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const WEATHER = { type: 'function', name: 'weather', description: 'The weather in a city.', parameters };
const ASKED = 'What is the weather in Ghent? Use the weather tool.';
const environment = { type: 'none' };

export default async function (t) {
  const { sessions } = t.client.beta.agents;
  const begin = (input, agent = {}) => sessions.create({ agent: { model: 'gpt-4o', ...agent }, environment, input });
  const rested = (id, ...before) => t.settled(() => sessions.retrieve(id), 'in_progress', ...before);
  const made = await begin('hello there', { tools: [WEATHER] });
  t.same([made.status, (await rested(made.id)).status], ['in_progress', 'idle']);
  const [turn] = await all(sessions.turns.list(made.id));
  const at = { session_id: made.id };
  t.same(await sessions.turns.retrieve(turn.id, at), turn);
  const items = await all(sessions.items.list(made.id, { order: 'asc' }));
  t.same(items.map((item) => item.role), ['user', 'assistant']);
  t.same(await all(sessions.turns.items.list(turn.id, { ...at, order: 'asc' })), items);
  t.same(await every('id', sessions.traces.list(made.id)), [turn.id]);
  const followed = sessions.stream(made.id, { input: 'what is 2 + 3?' }).withResultCollection();
  const kinds = await every('type', followed);
  t.true(kinds.includes('agent.session.turn.output_text.delta'));
  const seen = [];
  const weather = (given) => {
    seen.push(given);
    return 'sunny and 21 degrees';
  };
  const result = await sessions.stream(made.id, { input: ASKED, toolHandlers: { weather } }).finalResult();
  t.same(seen.length, 1);
  t.true(JSON.stringify(result).includes('21'));
  await waiting(t, begin, rested);
  await limited(t, begin, rested);
  await subagents(t);
  t.true((await every('id', sessions.list({ limit: 2 }))).includes(made.id));
  const stream = await sessions.events.stream(made.id);
  const events = stream[Symbol.asyncIterator]();
  t.same((await events.next()).value.type, 'agent.session.idle');
  t.same((await sessions.delete(made.id)).deleted, true);
  t.same((await events.next()).done, true);
  await t.gone(() => sessions.retrieve(made.id));
}

async function waiting(t, begin, rested) {
  const { sessions } = t.client.beta.agents;
  const made = await begin(ASKED, { tools: [WEATHER] });
  const { status, required_actions } = await rested(made.id);
  const [action] = required_actions;
  t.same([status, action.type, action.name], ['requires_action', 'function_call', 'weather']);
  const result = { type: 'agent.session.input.tool_result', turn_id: action.turn_id, success: true, output: '21 degrees' };
  const send = (call_id) => sessions.events.create(made.id, { events: [{ ...result, call_id }] });
  await t.refused(OpenAI.BadRequestError, () => send('call_none'));
  await send(action.call_id);
  t.same((await rested(made.id, 'requires_action')).required_actions, []);
}

async function limited(t, begin, rested) {
  const { sessions } = t.client.beta.agents;
  const made = await begin('word '.repeat(1500));
  await rested(made.id);
  t.true((await sessions.update(made.id, { spend_control: { limit: 1 } })).spend_control.consumed >= 1);
  const input = [{ role: 'user', content: [{ type: 'input_text', text: 'more' }] }];
  await sessions.events.create(made.id, { events: [{ type: 'agent.session.input.message', input }] });
  const newest = async () => (await all(sessions.turns.list(made.id)))[0];
  const turn = await t.settled(newest, 'queued', 'in_progress');
  t.same([turn.status, turn.error.code], ['failed', 'session_budget_exceeded']);
}

async function subagents(t) {
  const { sessions } = t.client.beta.agents;
  const input = 'Please:\n- what is 2 + 3?\n- what is 4 + 5?\n- what is 1 + 1?';
  const agent = { model: 'gpt-4o', multi_agent: { enabled: true } };
  const events = await all(sessions.create({ agent, environment, input, stream: true }));
  const session_id = events[0].session.id;
  const known = await all(sessions.subagents.list(session_id, { order: 'asc' }));
  t.same(known.map((one) => one.status), ['closed', 'closed', 'closed']);
  t.same(await sessions.subagents.retrieve(known[0].id, { session_id }), known[0]);
  const items = await all(sessions.subagents.items.list(known[0].id, { session_id, order: 'asc' }));
  t.same(items[0].content[0].text, 'what is 2 + 3?');
  const [turn] = await all(sessions.subagents.turns.list(known[0].id, { session_id }));
  const at = { session_id, subagent_id: known[0].id };
  t.same(await sessions.subagents.turns.retrieve(turn.id, at), turn);
  t.same(await all(sessions.subagents.turns.items.list(turn.id, { ...at, order: 'asc' })), items);
}
