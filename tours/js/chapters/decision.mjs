// Decisions: statements, choices and scores about a text, each answered in its place.

import { OpenAI, sum } from '../walk.mjs';

const model = 'gpt-6-luna';
const ANGRY = 'This is unacceptable. My order arrived broken and I want my money back immediately!';
const HAPPY = 'Thank you, the delivery was fast and I love the product.';

export default async function (t) {
  const { decisions } = t.client;
  const questions = [
    { type: 'predicate', instructions: 'The customer is angry.', name: 'mood' },
    { type: 'choice', instructions: 'What is it about?', choices: ['shipping', 'weather', 'sports'].map((value) => ({ value })) },
    { type: 'score', instructions: 'How angry is it?', levels: [0, 1, 2, 3, 4].map((n) => ({ label: String(n) })) },
  ];
  const angry = (await decisions.create({ model, input: ANGRY, questions })).answers;
  const happy = (await decisions.create({ model, input: HAPPY, questions })).answers;
  t.same(angry.map((answer) => answer.type), ['predicate', 'choice', 'score']);
  t.true(angry[0].probability > 0.5 && happy[0].probability < 0.5);
  t.same([angry[0].name, angry[1].choice], ['mood', 'shipping']);
  t.near(sum(angry[1].probabilities.map((each) => each.probability)), 1, 1e-3);
  t.true(angry[2].score > happy[2].score);
  const refused = await t.refused(OpenAI.BadRequestError, () => decisions.create({ model, input: 'a', questions: [] }));
  t.same(refused.param, 'questions');
}
