// Makes what the component exports of policy.js. Leave it as it is.

import { write } from "waypost:sms/log@0.1.0";
import { send } from "waypost:sms/messaging@0.1.0";
import * as policy from "./policy.js";
import { component } from "./waypost.js";

const made = component("receiving", policy, { write, send });
export const configuration = made.configuration;
export const receiving = made.role;
