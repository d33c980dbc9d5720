// Makes what the component exports of policy.js. Leave it as it is.

import { write } from "waypost:sms/log@0.1.0";
import * as policy from "./policy.js";
import { component } from "./waypost.js";

const made = component("routing", policy, { write });
export const configuration = made.configuration;
export const routing = made.role;
