// What the app asks the platform for, one function a question. Shapes come from the generated schema.
import { call, picture } from "./client";
import type { components } from "./schema";
import type { Wish } from "@/core/plan";

type S = components["schemas"];
export type Order = S["OrderOut"];
export type OrderDetail = S["OrderDetailOut"];
export type Session = S["SessionOut"];
export type Sample = S["SampleOut"];
export type Balance = S["BalanceOut"];
export type JournalLine = S["JournalLineOut"];
export type Myself = S["MyselfOut"];
export type Pass = S["PassOut"];
export type Station = S["NearbyStationOut"];
export type StationDetail = S["StationPageOut"];
export type ChargePoint = S["NearbyChargePointOut"];
export type Connector = S["NearbyConnectorOut"];
export type Card = S["MyCardOut"];
export type Vehicle = S["VehicleOut"];
export type TopUpPlan = S["TopUpPlanOut"];
export type Payment = S["PaymentOut"];
export type Refund = S["RefundOut"];
export type RefundQuote = S["RefundQuoteOut"];
export type SignedIn = S["DriverSignInOut"];
export type Device = S["TokenOut"];
export type Feedback = S["MyFeedbackOut"];
export type FeedbackDetail = S["MyFeedbackDetailOut"];

export interface Page<T> {
  items: T[];
  next: string | null;
}

const path = (text: string | number) => encodeURIComponent(String(text));
/** A scanned text may be an address of its own; its slashes stay what they are. */
const slashed = (text: string) => text.split("/").map(path).join("/");

// ---- who I am --------------------------------------------------------------------------------------------------------

export interface SignInBody {
  channel: "wechat";
  code: string;
  device_id: string;
  appid?: string;
}
export const signIn = (body: SignInBody) => call<SignedIn>("POST", "/driver/sign-in", { body });
export const signOut = () => call<null>("POST", "/driver/sign-out", { body: {} });
export const bindPhone = (code: string) => call<Myself>("POST", "/driver/phone", { body: { code } });
export const myself = () => call<Myself>("GET", "/driver");
/** Whether this platform is the demo, where everybody may be a driver of their own. */
export const isDemo = () => call<object>("GET", "/demo").then(() => true, () => false);
export const demoVisitor = () => call<{ driver_id: number; name: string; token: string }>("POST", "/demo/visitors", { body: {} });
export const devices = () => call<{ items: Device[] }>("GET", "/driver/tokens");
export const endDevice = (id: number) => call<null>("DELETE", `/driver/tokens/${path(id)}`);

// ---- where to charge -------------------------------------------------------------------------------------------------

export const stations = (before?: string | null, name?: string) =>
  call<Page<Station>>("GET", "/driver/stations", { query: { limit: 100, before: before ?? undefined, name } });
export const station = (id: number | string) => call<StationDetail>("GET", `/driver/stations/${path(id)}`);
export const chargePoint = (code: string) => call<StationDetail>("GET", `/driver/charge-points/${path(code)}`);
export const byText = (text: string) =>
  call<S["ChargePointDetail"]>("GET", `/connectors/${slashed(text)}`);

// ---- charging --------------------------------------------------------------------------------------------------------

export interface Place {
  charge_point_code: string;
  connector_no: number;
  limit: Wish;
  pass_id?: number;
  payment_no?: string;
}
export const placeOrder = (body: Place, key: string) => call<{ orders: Order[] }>("POST", "/orders", { body, key });
export const stopOrder = (no: string) => call<Order>("POST", `/orders/${path(no)}/stop`, { body: {} });
export const orders = (before?: string | null, limit = 20) =>
  call<Page<Order>>("GET", "/orders", { query: { limit, before: before ?? undefined } });
export const order = (no: string) => call<OrderDetail>("GET", `/orders/${path(no)}`);
export const chargingSession = (no: string) => call<Session>("GET", `/sessions/${path(no)}`);
export const samples = (no: string, before?: string | null) =>
  call<Page<Sample>>("GET", `/sessions/${path(no)}/samples`, { query: { limit: 200, before: before ?? undefined } });

/** The whole curve, oldest first. */
export async function curve(no: string): Promise<Sample[]> {
  const all: Sample[] = [];
  let page: Page<Sample> | null = null;
  do {
    page = await samples(no, page?.next);
    all.push(...page.items);
  } while (page.next !== null && all.length < 5000);
  return all;
}

// ---- money -----------------------------------------------------------------------------------------------------------

export const wallet = () => call<Balance>("GET", "/wallet");
export const journal = (before?: string | null, purpose?: string) =>
  call<Page<JournalLine>>("GET", "/wallet/journal", { query: { limit: 30, before: before ?? undefined, purpose } });

export const plans = () => call<TopUpPlan[]>("GET", "/driver/top-up-plans");
export interface NewPayment {
  channel: string;
  plan_id?: number;
  amount_fen?: number;
  /** Of a payment for one charge: where. */
  order?: { charge_point_code: string; connector_no: number };
}
export const createPayment = (body: NewPayment, key: string) =>
  call<Payment>("POST", "/driver/payments", { body, key });
export const payment = (no: string) => call<Payment>("GET", `/driver/payments/${path(no)}`);
export const checkPayment = (no: string) => call<Payment>("POST", `/driver/payments/${path(no)}/check`, { body: {} });
export const refundQuote = () => call<RefundQuote>("GET", "/driver/refunds/quote");
export const refunds = (before?: string | null) =>
  call<Page<Refund>>("GET", "/driver/refunds", { query: { limit: 30, before: before ?? undefined } });
export const createRefund = (body: { amount_fen: number } | { all: true }, key: string) =>
  call<Refund>("POST", "/driver/refunds", { body, key });

// ---- my things -------------------------------------------------------------------------------------------------------

export const cards = () => call<{ items: Card[] }>("GET", "/driver/cards");
export const reportLost = (id: number) => call<Card>("POST", `/driver/cards/${path(id)}/loss`, { body: {} });
export const vehicles = () => call<{ items: Vehicle[] }>("GET", "/driver/vehicles");
export const addVehicle = (vin: string, label: string) => call<Vehicle>("POST", "/driver/vehicles", { body: { vin, label } });
export const removeVehicle = (id: number) => call<null>("DELETE", `/driver/vehicles/${path(id)}`);
export const passes = () => call<Page<Pass>>("GET", "/passes", { query: { limit: 50 } });

// ---- what I tell the operator -----------------------------------------------------------------------------------------

export interface NewFeedback {
  kind: Feedback["kind"];
  text: string;
  contact: string;
  order_no?: string;
  charge_point_code?: string;
  connector_no?: number;
}
export const sendFeedback = (body: NewFeedback, key: string) => call<FeedbackDetail>("POST", "/driver/feedback", { body, key });
export const myFeedback = (before?: string | null) =>
  call<Page<Feedback>>("GET", "/driver/feedback", { query: { limit: 20, before: before ?? undefined } });
export const oneFeedback = (id: string) => call<FeedbackDetail>("GET", `/driver/feedback/${path(id)}`);
export const addFeedbackPhoto = (id: string, content: string, key: string) =>
  call<S["PhotoOut"]>("POST", `/driver/feedback/${path(id)}/photos`, { body: { content }, key, timeoutMs: 60_000 });
export const feedbackPhoto = (id: string, photo: number) => picture(`/driver/feedback/${path(id)}/photos/${photo}`);
export const sawFeedback = (id: string) => call<null>("PUT", `/driver/feedback/${path(id)}/seen`);
