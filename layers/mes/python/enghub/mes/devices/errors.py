"""Why a message of a device is parked instead of counted: people look, set the device right, and send it again."""

from enghub.core.errors import Conflict, RuleViolated
from enghub.core.i18n import Text


class DeviceProblem(RuleViolated):
    """Something about a device's message that a person has to look at."""

    text = Text("The message of the device cannot be counted", "设备消息无法计数")


class UnknownDevice(DeviceProblem):
    """Nobody registered the device."""

    text = Text(
        "Device {device} is not registered: register it, then send the message again",
        "设备 {device} 未注册：请先注册，再重发消息",
    )


class DeviceClockWrong(DeviceProblem):
    """The device's stamp is not of these days."""

    text = Text(
        "Device {device} says {stamp} ({unit}), that is {said}, received at {received}: set its clock or its unit of "
        "time right, then send the message again",
        "设备 {device} 的时间戳 {stamp}（{unit}）为 {said}，接收时间 {received}：请校正时钟或时间单位后重发",
    )


class SpikeInCounter(DeviceProblem):
    """A counter leapt."""

    text = Text(
        "The counter leapt from {last} to {value}, {most} pieces at once are plausible: look at the device, or raise "
        "the figure, then send the message again",
        "计数器从 {last} 跳到 {value}，一次最多 {most} 件：请检查设备或调整上限后重发",
    )


class MessageUnreadable(DeviceProblem):
    """The payload is not what a device of this kind sends."""

    text = Text("The message of device {device} does not read: {problem}", "设备 {device} 的消息无法读取：{problem}")


class NoOrderAtStation(DeviceProblem):
    """Nothing is produced at the device's station."""

    text = Text(
        "No work order is in production at station {station}: start one, then send the message again",
        "工位 {station} 没有生产中的工单：请先开工，再重发消息",
    )


class DeviceElsewhere(Conflict):
    """Another factory has registered the identity."""

    text = Text(
        "Device {device} is registered by another factory: choose another identity",
        "设备 {device} 已由其他工厂注册：请使用其他标识",
    )
